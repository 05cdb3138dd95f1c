/*
 * System calls that no runbook needs and that attacks on the kernel or on other processes begin
 * with. A list of what is refused, not of what is allowed: a runbook may run any program.
 *
 * clone3 is answered "not implemented", because its flags lie in memory that a filter cannot
 * read; the C library then uses clone, whose flags can be looked at.
 */
#include "runbook/isolate_internal.h"

#include "base/macros.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const int refused[] = {
	/* the file system's shape */
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(quotactl),
	SCMP_SYS(open_by_handle_at),
	/* other processes */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	/* the kernel */
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(bpf),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(reboot),
	SCMP_SYS(acct),
	SCMP_SYS(syslog),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(vhangup),
	/* does work of other calls where no filter sees it */
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
};

static const unsigned namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC,
	CLONE_NEWUTS, CLONE_NEWNET, CLONE_NEWCGROUP};

/* 0, or a negative errno as all of libseccomp. */
static int add_refusals(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		const int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		const int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
		if (rc < 0)
			return rc;
	}
	/* Text typed into the terminal of whoever started us. */
	static const unsigned terminal[] = {TIOCSTI, TIOCLINUX};
	for (size_t i = 0; i < ARRAY_LEN(terminal); i++) {
		const int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffU, terminal[i]));
		if (rc < 0)
			return rc;
	}
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* No socket but local ones. */
static int add_network_refusals(scmp_filter_ctx ctx)
{
	static const int uring[] = {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter)};
	for (size_t i = 0; i < ARRAY_LEN(uring); i++) {
		const int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), uring[i], 0);
		/* It may be there already. */
		if (rc < 0 && rc != -EEXIST)
			return rc;
	}
	return seccomp_rule_add(
		ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
}

int seccomp_apply(const struct attempt *a, struct setup_failure *f)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx) {
		errno = ENOMEM;
		return setup_failed(f, ISO_SECCOMP, "make a filter");
	}
	/* Where it is wanted it is set already; as root without it the filter loads as well. */
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	const bool denied = a->measures & ISO_SECCOMP;
	if (rc == 0 && denied)
		rc = add_refusals(ctx);
	if (rc == 0 && a->measures & ISO_NETFILTER)
		rc = add_network_refusals(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc == 0)
		return 0;
	errno = -rc;
	return setup_failed(f, denied ? ISO_SECCOMP : ISO_NETFILTER, "load the filter");
}
