/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BYPASS(names): calls by which a program gets the same done, so that a list that denies one of them without the others
 * forbids little. Only rows.
 */
BYPASS("open openat openat2 creat")
BYPASS("execve execveat")
BYPASS("fork vfork clone clone3")
BYPASS("ptrace process_vm_readv process_vm_writev")
BYPASS("mount move_mount fsmount")
BYPASS("umount umount2")
BYPASS("init_module finit_module")
BYPASS("kexec_load kexec_file_load")
BYPASS("add_key request_key keyctl")
BYPASS("settimeofday clock_settime clock_settime64")
BYPASS("kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo")
BYPASS("chmod fchmod fchmodat fchmodat2")
BYPASS("chown lchown fchown fchownat")
BYPASS("unlink unlinkat")
BYPASS("rename renameat renameat2")
BYPASS("link linkat")
BYPASS("symlink symlinkat")
BYPASS("mkdir mkdirat")
BYPASS("mknod mknodat")
BYPASS("setuid setreuid setresuid")
BYPASS("setgid setregid setresgid")
BYPASS("setxattr lsetxattr fsetxattr setxattrat")
BYPASS("socket socketcall")
BYPASS("unshare clone3")
