-- Plans of pull requests are a subject of their own: they are made beside the branch's work.

UPDATE queue SET subject = 'plans' WHERE kind = 'pull' AND subject = 'branch';
