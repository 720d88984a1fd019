package launch

import (
	"debug/elf"

	"golang.org/x/sys/unix"
)

const (
	auditArch = unix.AUDIT_ARCH_X86_64
	machine   = elf.EM_X86_64
)
