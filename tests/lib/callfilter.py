"""A system call filter for the program that this process becomes: libseccomp, as systemd uses it."""

import ctypes

ALLOW, EQUAL = 0x7FFF0000, 4  # seccomp.h


def errno(number):
    """The action: the call fails with it."""
    return 0x00050000 | number


class Argument(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class CallFilter:
    """default: what happens to a call that no rule names."""

    def __init__(self, default):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(default))
        assert self.context, "no filter"

    def rule(self, action, name, **equal):
        """equal: a0=value for argument 0. False: this machine has no such call."""
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        arguments = [Argument(int(k[1:]), EQUAL, v, 0) for k, v in equal.items()]
        return number >= 0 and self.lib.seccomp_rule_add_array(
            self.context, action, number, len(arguments), (Argument * len(arguments))(*arguments)) == 0

    def load(self):
        """For good, and for all that comes after; nobody gains privileges any more."""
        assert self.lib.seccomp_load(self.context) == 0, "the filter can't be loaded"
