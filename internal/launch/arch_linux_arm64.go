package launch

import (
	"debug/elf"

	"golang.org/x/sys/unix"
)

const (
	auditArch = unix.AUDIT_ARCH_AARCH64
	machine   = elf.EM_AARCH64
)
