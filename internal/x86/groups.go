package x86

// Groups are opcodes that the reg field of the ModRM byte tells apart. What
// all members have in common may be said once, in the entry of the opcode:
// an operation of a group is or-ed with it.
const (
	group1 entry = (iota + 1) << groupShift
	group1A
	group2
	group3Byte
	group3
	group4
	group5
	group6
	group7
	group7Reg
	group8
	group9
	group9Reg
	group11a
	group11b
	groupShiftW
	groupShiftQ
	groupShiftDQ
	group15
	group15Reg
	group15p66
	group15p66Reg
	group15pF3
	group15pF3Reg
	group15pF2
	group15pF2Reg
	group15Avx
	group17
	group1E
	group1EReg
	groupKeyWide
	groupGather
	groupShiftWEvex
	groupShiftDEvex
	groupShiftDQEvex
	groupTile
	groupTileReg
	groupD8
	groupD9
	groupDA
	groupDB
	groupDC
	groupDD
	groupDE
	groupDF
)

const (
	x87load  = other | _w
	x87store = other | wv
)

var groups = [...][8]entry{
	group1 >> groupShift:  {add | lk, or | lk, other | lk, other | lk, and | lk, sub | lk, xor | lk, cmp},
	group1A >> groupShift: {pop | e_ | st}, // the others are XOP
	group2 >> groupShift:  {other, other, other, other, shl, shr, shl, other},
	group3Byte >> groupShift: {
		test | ei | iz, test | ei | iz,
		other | e_ | lk, other | e_ | lk, // NOT, NEG
		other | _e | wAX, other | _e | wAX, other | _e | wAX, other | _e | wAX, // MUL, IMUL, DIV, IDIV
	},
	group3 >> groupShift: {
		test | ei | iz, test | ei | iz,
		other | e_ | lk, other | e_ | lk,
		other | _e | wAX | wDX, other | _e | wAX | wDX, other | _e | wAX | wDX, other | _e | wAX | wDX,
	},
	group4 >> groupShift: {add | e1 | lk, sub | e1 | lk},
	group5 >> groupShift: {
		add | e1 | sv | lk, sub | e1 | sv | lk,
		callind | _e | s8, callind | _e | s10 | memOnly | vague,
		jumpind | _e | s8, jumpind | _e | s10 | memOnly | vague,
		push | _e | st,
	},
	group6 >> groupShift: {
		other | es | sv, other | es | sv, // SLDT, STR
		other | _e | s2, other | _e | s2, other | _e | s2, other | _e | s2, // LLDT, LTR, VERR, VERW
		0, 0,
	},
	group7 >> groupShift: {
		other | e_ | s10, other | e_ | s10, // SGDT, SIDT
		other | _e | s10, other | _e | s10, // LGDT, LIDT
		other | e_ | s2,    // SMSW
		other | e_ | s8,    // RSTORSSP
		other | _e | s2,    // LMSW
		other | _e | vague, // INVLPG
	},
	group7Reg >> groupShift: {4: other | e_ | sv, 6: other | _e | s2}, // the others are in systemForms
	group8 >> groupShift:    {4: other | _e, other | e_ | lk, other | e_ | lk, other | e_ | lk},
	group9 >> groupShift: {
		1: locked | e_ | sd | lk | wAX | wDX, // CMPXCHG8B, CMPXCHG16B
		3: other | _e,                        // XRSTORS
		4: other | e_,                        // XSAVEC
		5: other | e_,                        // XSAVES
		6: other | e_ | s8,                   // VMPTRLD, VMCLEAR, VMXON
		7: other | e_ | s8,                   // VMPTRST
	},
	group9Reg >> groupShift: {6: other | e_ | sv, 7: other | e_ | sv}, // RDRAND, RDSEED, RDPID

	group11a >> groupShift: {0: mov | ei | s1 | iz, 7: other | regOnly | wAX | ib},       // XABORT
	group11b >> groupShift: {0: mov | ei | sv | iz, 7: loop | regOnly | wAX | relz | sv}, // XBEGIN

	groupShiftW >> groupShift:  {2: other | _w, 4: other | _w, 6: other | _w},
	groupShiftQ >> groupShift:  {2: other | _w, 6: other | _w},
	groupShiftDQ >> groupShift: {2: other | _w, 3: other | _w, 6: other | _w, 7: other | _w},

	group15 >> groupShift: {
		other | e_, other | _e, // FXSAVE, FXRSTOR
		other | _e | s4, other | e_ | s4, // LDMXCSR, STMXCSR
		other | e_, other | _e, // XSAVE, XRSTOR
		other | e_, // XSAVEOPT
		nop | mm,   // CLFLUSH
	},
	group15Reg >> groupShift:    {5: nop | mm, 6: nop | mm, 7: nop | mm},  // LFENCE, MFENCE, SFENCE
	group15p66 >> groupShift:    {6: nop | mm, 7: nop | mm},               // CLWB, CLFLUSHOPT
	group15p66Reg >> groupShift: {6: other | _e | s4},                     // TPAUSE
	group15pF3 >> groupShift:    {4: other | _e | sy, 6: other | e_ | s8}, // PTWRITE, CLRSSBSY
	group15pF3Reg >> groupShift: {
		other | e_ | sy, other | e_ | sy, other | _e | sy, other | _e | sy, // RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE
		other | _e | sy, other | _e | sy, other | _e | s8, // PTWRITE, INCSSP, UMONITOR
	},
	group15pF2Reg >> groupShift: {6: other | _e | s4},                                         // UMWAIT
	group15Avx >> groupShift:    {2: other | _e | s4 | memOnly, 3: other | e_ | s4 | memOnly}, // VLDMXCSR, VSTMXCSR
	group17 >> groupShift:       {1: other | be | sy, 2: other | be | sy, 3: other | be | sy}, // BLSR, BLSMSK, BLSI

	group1E >> groupShift:    {nop | mm, nop | mm, nop | mm, nop | mm, nop | mm, nop | mm, nop | mm, nop | mm},
	group1EReg >> groupShift: {nop | mm, other | e_ | sy, nop | mm, nop | mm, nop | mm, nop | mm, nop | mm, nop | mm}, // RDSSP; ENDBR64

	groupKeyWide >> groupShift: {other | _e | vague, other | _e | vague, other | _e | vague, other | _e | vague}, // AESENCWIDE128KL, …
	groupGather >> groupShift:  {1: nop | mm, 2: nop | mm, 5: nop | mm, 6: nop | mm},                             // VGATHERPF0DPS, …

	groupShiftWEvex >> groupShift:  {2: other | _w, 4: other | _w, 6: other | _w},
	groupShiftDEvex >> groupShift:  {other | _w | bw, other | _w | bw, other | _w | b4, 0, other | _w | bw, 0, other | _w | b4},
	groupShiftDQEvex >> groupShift: {2: other | _w | b8, 3: other | _w, 6: other | _w | b8, 7: other | _w},

	groupTile >> groupShift:    {0: other | _e | vague}, // LDTILECFG
	groupTileReg >> groupShift: {0: other | mm},         // TILERELEASE

	groupD8 >> groupShift: {x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4},
	groupD9 >> groupShift: {
		x87load | s4, 0, x87store | s4, x87store | s4, // FLD, FST, FSTP
		x87load, x87load | s2, x87store, x87store | s2, // FLDENV, FLDCW, FNSTENV, FNSTCW
	},
	groupDA >> groupShift: {x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4, x87load | s4},
	groupDB >> groupShift: {
		x87load | s4, x87store | s4, x87store | s4, x87store | s4, // FILD, FISTTP, FIST, FISTP
		0, x87load | s10, 0, x87store | s10, // FLD, FSTP
	},
	groupDC >> groupShift: {x87load | s8, x87load | s8, x87load | s8, x87load | s8, x87load | s8, x87load | s8, x87load | s8, x87load | s8},
	groupDD >> groupShift: {
		x87load | s8, x87store | s8, x87store | s8, x87store | s8, // FLD, FISTTP, FST, FSTP
		x87load, 0, x87store, x87store | s2, // FRSTOR, FNSAVE, FNSTSW
	},
	groupDE >> groupShift: {x87load | s2, x87load | s2, x87load | s2, x87load | s2, x87load | s2, x87load | s2, x87load | s2, x87load | s2},
	groupDF >> groupShift: {
		x87load | s2, x87store | s2, x87store | s2, x87store | s2, // FILD, FISTTP, FIST, FISTP
		x87load | s10, x87load | s8, x87store | s10, x87store | s8, // FBLD, FILD, FBSTP, FISTP
	},
}

// x87Forms has a bit for every register form of the escapes D8 to DF that
// exists, bit n for the ModRM byte C0+n, the undocumented aliases (FSTP1,
// FCOM2, …) included. None of them touches a general
// register, but FNSTSW AX.
var x87Forms = [8]uint64{
	0: 0xffffffff_ffffffff,
	1: 0xffff7f33_ff01ffff,
	2: 0x00000200_ffffffff,
	3: 0x00ffff1f_ffffffff,
	4: 0xffffffff_ffffffff,
	5: 0x0000ffff_ffffffff,
	6: 0xffffffff_02ffffff,
	7: 0x00ffff01_ffffffff,
}

// fnstsw is the ModRM byte of FNSTSW AX, whose escape is DF.
const fnstsw = 0xe0

// systemForms are the register forms of 0F 01, by the low six bits of the
// ModRM byte. The members 4 and 6 of the group, SMSW and LMSW, are in group7Reg.
var systemForms = [64]row{
	0x00: {other | wAX | wBX | wCX | wDX | pAny}, // ENCLV
	0x01: {other | wAll | pAny},                  // VMCALL
	0x02: {trap | pAny}, 0x03: {trap | pAny},     // VMLAUNCH, VMRESUME
	0x04: {other | pAny},                         // VMXOFF
	0x05: {other | wAX | wBX | wCX | wDX | pAny}, // PCONFIG
	0x06: {np: other, pF3: other, pF2: other},    // WRMSRNS, WRMSRLIST, RDMSRLIST
	0x08: {other | pAny}, 0x09: {other | pAny},   // MONITOR, MWAIT
	0x0A: {other | pAny}, 0x0B: {other | pAny}, // CLAC, STAC
	0x0F: {other | wAX | wBX | wCX | wDX | pAny}, // ENCLS
	0x10: {other | wAX | wDX | pAny},             // XGETBV
	0x11: {other | pAny},                         // XSETBV
	0x14: {other | pAny},                         // VMFUNC
	0x15: {other | pAny}, 0x16: {other | pAny},   // XEND, XTEST
	0x17: {callind | wAll | pAny},              // ENCLU: into an enclave, and out of it to where BX says
	0x18: {trap | pAny},                        // VMRUN
	0x19: {other | wAll | pAny},                // VMMCALL
	0x1A: {other | pAny}, 0x1B: {other | pAny}, // VMLOAD, VMSAVE
	0x1C: {other | pAny}, 0x1D: {other | pAny}, // STGI, CLGI
	0x1E: {trap | pAny},                        // SKINIT
	0x1F: {other | pAny},                       // INVLPGA
	0x28: {np: other, pF3: other, pF2: other},  // SERIALIZE, SETSSBSY, XSUSLDTRK
	0x29: {pF2: other},                         // XRESLDTRK
	0x2A: {pF3: other},                         // SAVEPREVSSP
	0x2C: {pF3: jumpind | wAll},                // UIRET
	0x2D: {pF3: other},                         // TESTUI
	0x2E: {np: other | wAX | wDX, pF3: other},  // RDPKRU, CLUI
	0x2F: {np: other, pF3: other},              // WRPKRU, STUI
	0x38: {other | pAny},                       // SWAPGS
	0x39: {other | wAX | wCX | wDX | pAny},     // RDTSCP
	0x3A: {other | pAny}, 0x3B: {other | pAny}, // MONITORX, MWAITX
	0x3C: {other | a64 | pAny},                            // CLZERO
	0x3D: {np: other | wAX | wDX, pF3: other | wAll},      // RDPRU, RMPQUERY
	0x3E: {np: other, pF3: other | wAX, pF2: other | wAX}, // INVLPGB, RMPADJUST, RMPUPDATE
	0x3F: {np: other, pF3: other | wAX, pF2: other | wAX}, // TLBSYNC, PSMASH, PVALIDATE
}
