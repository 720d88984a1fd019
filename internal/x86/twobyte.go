package x86

// What most vector instructions are: the result goes to the register in the
// reg field, the last source is a register or memory.
const (
	vec   = other | vw | avx       // the size of the memory operand is to be added
	full  = vec | vl               // it is as long as the vector
	mmx   = other | vw | s8        // the 64-bit forms, of which VEX knows none
	load  = movvec | vw | vl | avx // moves of whole registers
	store = movvec | wv | vl | avx
	cvtr  = other | gw | avx // conversions to general registers
)

// twoByte is the opcode map after 0F. Its rows serve VEX map 1 too, where an
// entry says so.
var twoByte = [256]row{
	0x00: {group6 | pAny},
	0x01: {np: group7 | split, p66: group7 | split, pF3: group7 | split, pF2: group7 | split},
	0x02: {other | gew | sv | pAny}, // LAR
	0x03: {other | gew | sv | pAny}, // LSL
	0x05: {sysCall | pAny},
	0x06: {other | pAny},    // CLTS
	0x07: {trap | pAny},     // SYSRET: a fault outside the kernel
	0x08: {other | pAny},    // INVD
	0x09: {other | pAny},    // WBINVD, WBNOINVD
	0x0B: {trap | pAny},     // UD2
	0x0D: {nop | mm | pAny}, // PREFETCHW

	0x10: {load, load, movvec | vw | s4 | avx, movvec | vw | s8 | avx},
	0x11: {store, store, movvec | wv | s4 | avx, movvec | wv | s8 | avx},
	0x12: {vec | s8, vec | s8 | memOnly, full, vec | vdup},                     // MOVLPS, MOVHLPS, MOVLPD, MOVSLDUP, MOVDDUP
	0x13: {movvec | wv | s8 | memOnly | avx, movvec | wv | s8 | memOnly | avx}, // MOVLPS, MOVLPD
	0x14: {full, full},
	0x15: {full, full},
	0x16: {vec | s8, vec | s8 | memOnly, full},                               // MOVHPS, MOVLHPS, MOVHPD, MOVSHDUP
	0x17: {other | wv | s8 | memOnly | avx, other | wv | s8 | memOnly | avx}, // MOVHPS, MOVHPD
	0x18: {nop | mm | pAny},                                                  // prefetches and hints
	0x19: {nop | mm | pAny},
	0x1A: {nop | mm | pAny},
	0x1B: {np: other | wv | vague, p66: other | wv | s16, pF3: nop | mm, pF2: nop | mm}, // BNDSTX, BNDMOV
	0x1C: {nop | mm | pAny},
	0x1D: {nop | mm | pAny},
	0x1E: {np: nop | mm | pAny, pF3: group1E | split}, // RDSSP, ENDBR64
	0x1F: {nop | mm | pAny},

	0x20: {other | e_ | s8 | regRM | pAny}, // MOV from CR and DR
	0x21: {other | e_ | s8 | regRM | pAny},
	0x22: {other | _e | s8 | regRM | pAny}, // MOV to CR and DR
	0x23: {other | _e | s8 | regRM | pAny},
	0x28: {load, load},
	0x29: {store, store},
	0x2A: {other | vw | s8, other | vw | s8, other | ve | sy | avx, other | ve | sy | avx},           // CVTPI2PS, CVTSI2SS
	0x2B: {store | memOnly, store | memOnly, movvec | wv | s4 | memOnly, movvec | wv | s8 | memOnly}, // MOVNTPS, MOVNTSS
	0x2C: {other | vw | s8, other | vw | s16, cvtr | s4, cvtr | s8},                                  // CVTTPS2PI, CVTTSS2SI
	0x2D: {other | vw | s8, other | vw | s16, cvtr | s4, cvtr | s8},                                  // CVTPS2PI, CVTSS2SI
	0x2E: {other | _w | s4 | avx, other | _w | s8 | avx},                                             // UCOMISS
	0x2F: {other | _w | s4 | avx, other | _w | s8 | avx},                                             // COMISS

	0x30: {other | pAny},             // WRMSR
	0x31: {other | pAny | wAX | wDX}, // RDTSC
	0x32: {other | pAny | wAX | wDX}, // RDMSR
	0x33: {other | pAny | wAX | wDX}, // RDPMC
	0x34: {sysenter | pAny},
	0x35: {trap | pAny},                          // SYSEXIT: a fault outside the kernel
	0x37: {other | pAny | wAX | wBX | wCX | wDX}, // GETSEC

	0x40: {cmov | ge | sv | pAny}, 0x41: {cmov | ge | sv | pAny},
	0x42: {cmov | ge | sv | pAny}, 0x43: {cmov | ge | sv | pAny},
	0x44: {cmov | ge | sv | pAny}, 0x45: {cmov | ge | sv | pAny},
	0x46: {cmov | ge | sv | pAny}, 0x47: {cmov | ge | sv | pAny},
	0x48: {cmov | ge | sv | pAny}, 0x49: {cmov | ge | sv | pAny},
	0x4A: {cmov | ge | sv | pAny}, 0x4B: {cmov | ge | sv | pAny},
	0x4C: {cmov | ge | sv | pAny}, 0x4D: {cmov | ge | sv | pAny},
	0x4E: {cmov | ge | sv | pAny}, 0x4F: {cmov | ge | sv | pAny},

	0x50: {other | gw | regOnly | avx, other | gw | regOnly | avx}, // MOVMSKPS
	0x51: {full, full, vec | s4, vec | s8},
	0x52: {full, 0, vec | s4},
	0x53: {full, 0, vec | s4},
	0x54: {full, full},
	0x55: {full, full},
	0x56: {full, full},
	0x57: {other | vx | vl | avx, other | vx | vl | avx}, // XORPS
	0x58: {full, full, vec | s4, vec | s8},
	0x59: {full, full, vec | s4, vec | s8},
	0x5A: {vec | vl2, full, vec | s4, vec | s8}, // CVTPS2PD
	0x5B: {full, full, full},
	0x5C: {full, full, vec | s4, vec | s8},
	0x5D: {full, full, vec | s4, vec | s8},
	0x5E: {full, full, vec | s4, vec | s8},
	0x5F: {full, full, vec | s4, vec | s8},

	0x60: {other | vw | s4, full}, // PUNPCKLBW
	0x61: {other | vw | s4, full},
	0x62: {other | vw | s4, full},
	0x63: {mmx, full},
	0x64: {mmx, full},
	0x65: {mmx, full},
	0x66: {mmx, full},
	0x67: {mmx, full},
	0x68: {mmx, full},
	0x69: {mmx, full},
	0x6A: {mmx, full},
	0x6B: {mmx, full},
	0x6C: {p66: full},
	0x6D: {p66: full},
	0x6E: {other | ve | sy, movvec | ve | sy | avx}, // MOVD, MOVQ
	0x6F: {mmx, load, load},

	0x70: {mmx | ib, full | ib, full | ib, full | ib},
	0x71: {groupShiftW | regOnly | ib, groupShiftW | regOnly | ib | avx},
	0x72: {groupShiftW | regOnly | ib, groupShiftW | regOnly | ib | avx},
	0x73: {groupShiftQ | regOnly | ib, groupShiftDQ | regOnly | ib | avx},
	0x74: {mmx, full},
	0x75: {mmx, full},
	0x76: {mmx, full},
	0x77: {other | avx},                                                                           // EMMS, VZEROUPPER
	0x78: {np: other | eg | s8, p66: other | _w | regOnly | ibb, pF2: other | vw | regOnly | ibb}, // VMREAD, EXTRQ, INSERTQ
	0x79: {np: other | _e | s8, p66: other | vw | regOnly, pF2: other | vw | regOnly},             // VMWRITE, EXTRQ, INSERTQ
	0x7C: {p66: full, pF2: full},
	0x7D: {p66: full, pF2: full},
	0x7E: {other | ev | sy, movvec | ev | sy | avx, movvec | vw | s8 | avx}, // MOVD, MOVQ
	0x7F: {other | wv | s8, store, store},

	0x80: {jcc | rel32 | pAny}, 0x81: {jcc | rel32 | pAny},
	0x82: {jcc | rel32 | pAny}, 0x83: {jcc | rel32 | pAny},
	0x84: {jcc | rel32 | pAny}, 0x85: {jcc | rel32 | pAny},
	0x86: {jcc | rel32 | pAny}, 0x87: {jcc | rel32 | pAny},
	0x88: {jcc | rel32 | pAny}, 0x89: {jcc | rel32 | pAny},
	0x8A: {jcc | rel32 | pAny}, 0x8B: {jcc | rel32 | pAny},
	0x8C: {jcc | rel32 | pAny}, 0x8D: {jcc | rel32 | pAny},
	0x8E: {jcc | rel32 | pAny}, 0x8F: {jcc | rel32 | pAny},
	0x90: {setcc | e_ | s1 | pAny}, 0x91: {setcc | e_ | s1 | pAny},
	0x92: {setcc | e_ | s1 | pAny}, 0x93: {setcc | e_ | s1 | pAny},
	0x94: {setcc | e_ | s1 | pAny}, 0x95: {setcc | e_ | s1 | pAny},
	0x96: {setcc | e_ | s1 | pAny}, 0x97: {setcc | e_ | s1 | pAny},
	0x98: {setcc | e_ | s1 | pAny}, 0x99: {setcc | e_ | s1 | pAny},
	0x9A: {setcc | e_ | s1 | pAny}, 0x9B: {setcc | e_ | s1 | pAny},
	0x9C: {setcc | e_ | s1 | pAny}, 0x9D: {setcc | e_ | s1 | pAny},
	0x9E: {setcc | e_ | s1 | pAny}, 0x9F: {setcc | e_ | s1 | pAny},

	0xA0: {push | st | pAny}, // PUSH FS
	0xA1: {pop | st | pAny},
	0xA2: {other | pAny | wAX | wBX | wCX | wDX}, // CPUID
	0xA3: {other | _e | sv | vague | pAny},       // BT
	0xA4: {other | eg | sv | ib | pAny},          // SHLD
	0xA5: {other | eg | sv | pAny},
	0xA8: {push | st | pAny}, // PUSH GS
	0xA9: {pop | st | pAny},
	0xAA: {trap | pAny},                         // RSM
	0xAB: {other | eg | sv | vague | lk | pAny}, // BTS
	0xAC: {other | eg | sv | ib | pAny},         // SHRD
	0xAD: {other | eg | sv | pAny},
	0xAE: {group15 | split, group15p66 | split, group15pF3 | split, group15pF2 | split},
	0xAF: {other | ge | sv | pAny}, // IMUL

	0xB0: {locked | eg | s1 | lk | wAX | pAny}, // CMPXCHG
	0xB1: {locked | eg | sv | lk | wAX | pAny},
	0xB2: {other | ge | sv | memOnly | vague | pAny}, // LSS
	0xB3: {other | eg | sv | vague | lk | pAny},      // BTR
	0xB4: {other | ge | sv | memOnly | vague | pAny}, // LFS
	0xB5: {other | ge | sv | memOnly | vague | pAny}, // LGS
	0xB6: {movzx | geb | sv | pAny},
	0xB7: {movzx | gew | sv | pAny},
	0xB8: {pF3: other | ge | sv}, // POPCNT
	0xB9: {trap | mm | pAny},     // UD1
	0xBA: {group8 | sv | ibu | pAny},
	0xBB: {other | eg | sv | vague | lk | pAny}, // BTC
	0xBC: {other | ge | sv | pAny},              // BSF, TZCNT
	0xBD: {other | ge | sv | pAny},              // BSR, LZCNT
	0xBE: {movsx | geb | sv | pAny},
	0xBF: {movsx | gew | sv | pAny},

	0xC0: {locked | eg | s1 | bothW | lk | pAny}, // XADD
	0xC1: {locked | eg | sv | bothW | lk | pAny},
	0xC2: {full | ib, full | ib, vec | s4 | ib, vec | s8 | ib},
	0xC3: {mov | eg | sy | memOnly},                                    // MOVNTI
	0xC4: {other | ve | s2 | ib, other | ve | s2 | ib | avx},           // PINSRW
	0xC5: {other | gw | regOnly | ib, other | gw | regOnly | ib | avx}, // PEXTRW
	0xC6: {full | ib, full | ib},
	0xC7: {group9 | split | pAny},
	0xC8: {other | z_ | sv | pAny}, 0xC9: {other | z_ | sv | pAny}, 0xCA: {other | z_ | sv | pAny}, 0xCB: {other | z_ | sv | pAny}, // BSWAP
	0xCC: {other | z_ | sv | pAny}, 0xCD: {other | z_ | sv | pAny}, 0xCE: {other | z_ | sv | pAny}, 0xCF: {other | z_ | sv | pAny},

	0xD0: {p66: full, pF2: full},
	0xD1: {mmx, vec | s16}, // a shift by a count in memory
	0xD2: {mmx, vec | s16},
	0xD3: {mmx, vec | s16},
	0xD4: {mmx, full},
	0xD5: {mmx, full},
	0xD6: {p66: movvec | wv | s8 | avx, pF3: other | vw | regOnly, pF2: other | vw | regOnly}, // MOVQ, MOVQ2DQ, MOVDQ2Q
	0xD7: {other | gw | regOnly, other | gw | regOnly | avx},                                  // PMOVMSKB
	0xD8: {mmx, full},
	0xD9: {mmx, full},
	0xDA: {mmx, full},
	0xDB: {mmx, full},
	0xDC: {mmx, full},
	0xDD: {mmx, full},
	0xDE: {mmx, full},
	0xDF: {mmx, full},

	0xE0: {mmx, full},
	0xE1: {mmx, vec | s16},
	0xE2: {mmx, vec | s16},
	0xE3: {mmx, full},
	0xE4: {mmx, full},
	0xE5: {mmx, full},
	0xE6: {p66: full, pF3: vec | vl2, pF2: full},       // CVTTPD2DQ, CVTDQ2PD, CVTPD2DQ
	0xE7: {other | wv | s8 | memOnly, store | memOnly}, // MOVNTQ, MOVNTDQ
	0xE8: {mmx, full},
	0xE9: {mmx, full},
	0xEA: {mmx, full},
	0xEB: {mmx, full},
	0xEC: {mmx, full},
	0xED: {mmx, full},
	0xEE: {mmx, full},
	0xEF: {mmx, other | vx | vl | avx}, // PXOR

	0xF0: {pF2: load | memOnly}, // LDDQU
	0xF1: {mmx, vec | s16},
	0xF2: {mmx, vec | s16},
	0xF3: {mmx, vec | s16},
	0xF4: {mmx, full},
	0xF5: {mmx, full},
	0xF6: {mmx, full},
	0xF7: {other | yv | s8 | regOnly, other | yv | s16 | regOnly | avx}, // MASKMOVQ, MASKMOVDQU
	0xF8: {mmx, full},
	0xF9: {mmx, full},
	0xFA: {mmx, full},
	0xFB: {mmx, full},
	0xFC: {mmx, full},
	0xFD: {mmx, full},
	0xFE: {mmx, full},
	0xFF: {trap | mm | pAny}, // UD0
}
