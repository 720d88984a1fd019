package seccomp

const (
	prSetNoNewPrivs = 38 // linux/prctl.h

	opSetModeFilter  = 1 // linux/seccomp.h
	opGetActionAvail = 2
)

// sysSeccomp is the number of seccomp(2), which package syscall's frozen tables
// lack on most architectures.
func sysSeccomp(arch string) uintptr {
	switch arch {
	case "amd64":
		return 317
	case "386":
		return 354
	case "arm":
		return 383
	case "mips", "mipsle":
		return 4352
	case "mips64", "mips64le":
		return 5312
	case "ppc64", "ppc64le":
		return 358
	case "s390x":
		return 348
	default: // those that use asm-generic/unistd.h: arm64, loong64, riscv64
		return 277
	}
}

// ioctlWrite is _IOC_WRITE in the place that it has in an ioctl's number.
func ioctlWrite(arch string) uintptr {
	switch arch {
	case "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le":
		return 4 << 29
	}
	return 1 << 30
}

// sizeofSignalSet is the size of the kernel's sigset_t.
func sizeofSignalSet(arch string) uintptr {
	switch arch {
	case "mips", "mipsle", "mips64", "mips64le":
		return 16
	}
	return 8
}
