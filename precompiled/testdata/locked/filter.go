package main

import "github.com/gocurb/curb/precompiled"

// deny ptrace, process_vm_readv, process_vm_writev, kexec_load
// errno(EAFNOSUPPORT) socket if arg0 != 1
// otherwise allow
var filter = precompiled.Filter{
	Arch: "amd64",
	Program: []uint64{
		0x0020_00_00_00000004, // 0: ld [4]      ; architecture
		0x0015_01_00_c000003e, // 1: jeq #0xc000003e (amd64) ? 3 : 2
		0x0006_00_00_80000000, // 2: ret kill_process
		0x0020_00_00_00000000, // 3: ld [0]      ; system call number
		0x0035_05_00_000000f6, // 4: jge #246 (kexec_load) ? 10 : 5
		0x0015_00_03_00000029, // 5: jeq #41 (socket) ? 6 : 9
		0x0020_00_00_00000010, // 6: ld [16]     ; argument 0, low half
		0x0015_0a_00_00000001, // 7: jeq #1 ? 18 : 8
		0x0006_00_00_00050061, // 8: ret errno(EAFNOSUPPORT)
		0x0015_03_08_00000065, // 9: jeq #101 (ptrace) ? 13 : 18
		0x0035_03_00_00000138, // 10: jge #312 (kcmp) ? 14 : 11
		0x0035_01_00_00000136, // 11: jge #310 (process_vm_readv) ? 13 : 12
		0x0035_05_00_000000f7, // 12: jge #247 (waitid) ? 18 : 13
		0x0006_00_00_00050001, // 13: ret errno(EPERM)
		0x0035_00_03_00000200, // 14: jge #512 ? 15 : 18
		0x0015_02_00_ffffffff, // 15: jeq #0xffffffff ? 18 : 16
		0x0035_00_02_00000224, // 16: jge #548 ? 17 : 19
		0x0035_01_00_40000000, // 17: jge #0x40000000 ? 19 : 18
		0x0006_00_00_7fff0000, // 18: ret allow
		0x0006_00_00_00050026, // 19: ret errno(ENOSYS)
	},
}
