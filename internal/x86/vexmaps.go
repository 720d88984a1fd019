package x86

// The VEX maps hold what has no counterpart of the same form in the legacy
// maps; of the rest the entry in the legacy map is taken (flag avx). W and L
// choose sizes; a value of theirs, or of vvvv, that the processor refuses for
// one opcode is not refused here: the instruction would end the program.

const kk = other | vw // moves and logic of mask registers

var vexMap1 = [256]row{
	0x41: {np: kk | regOnly, p66: kk | regOnly}, // KANDW, …
	0x42: {np: kk | regOnly, p66: kk | regOnly},
	0x44: {np: kk | regOnly, p66: kk | regOnly},
	0x45: {np: kk | regOnly, p66: kk | regOnly},
	0x46: {np: kk | regOnly, p66: kk | regOnly},
	0x47: {np: kk | regOnly, p66: kk | regOnly},
	0x4A: {np: kk | regOnly, p66: kk | regOnly},
	0x4B: {np: kk | regOnly, p66: kk | regOnly},
	0x90: {np: kk | sk, p66: kk | sk}, // KMOVW, KMOVQ; KMOVB, KMOVD
	0x91: {np: other | wv | sk | memOnly, p66: other | wv | sk | memOnly},
	0x92: {np: other | ve | regOnly, p66: other | ve | regOnly, pF2: other | ve | regOnly}, // from a general register
	0x93: {np: other | gw | regOnly, p66: other | gw | regOnly, pF2: other | gw | regOnly}, // to a general register
	0x98: {np: other | _w | regOnly, p66: other | _w | regOnly},                            // KORTEST, KTEST
	0x99: {np: other | _w | regOnly, p66: other | _w | regOnly},
	0xAE: {np: group15Avx},
}

var vexMap2 = [256]row{
	0x0C: {p66: full}, // VPERMILPS
	0x0D: {p66: full},
	0x0E: {p66: other | _w | vl}, // VTESTPS
	0x0F: {p66: other | _w | vl},
	0x13: {p66: vec | vl2}, // VCVTPH2PS
	0x16: {p66: full},      // VPERMPS
	0x18: {p66: vec | s4},  // VBROADCASTSS
	0x19: {p66: vec | s8},
	0x1A: {p66: vec | s16 | memOnly},
	0x2C: {p66: full | memOnly}, // VMASKMOVPS
	0x2D: {p66: full | memOnly},
	0x2E: {p66: other | wv | vl | memOnly},
	0x2F: {p66: other | wv | vl | memOnly},
	0x36: {p66: full}, // VPERMD
	0x45: {p66: full}, // VPSRLVD
	0x46: {p66: full},
	0x47: {p66: full},
	0x49: {np: groupTile | split, p66: other | e_ | vague | memOnly, pF2: other | mm | regOnly},                     // LDTILECFG, TILERELEASE, STTILECFG, TILEZERO
	0x4B: {p66: other | _e | vague | memOnly, pF3: other | e_ | vague | memOnly, pF2: other | _e | vague | memOnly}, // TILELOADDT1, TILESTORED, TILELOADD
	0x50: {np: full, p66: full, pF3: full, pF2: full},                                                               // VPDPBUSD, …
	0x51: {np: full, p66: full, pF3: full, pF2: full},
	0x52: {p66: full},
	0x53: {p66: full},
	0x58: {p66: vec | s4}, // VPBROADCASTD
	0x59: {p66: vec | s8},
	0x5A: {p66: vec | s16 | memOnly},
	0x5C: {pF3: kk | regOnly, pF2: kk | regOnly}, // TDPBF16PS, …
	0x5E: {np: kk | regOnly, p66: kk | regOnly, pF3: kk | regOnly, pF2: kk | regOnly},
	0x6C: {np: kk | regOnly, p66: kk | regOnly},
	0x72: {pF3: full},     // VCVTNEPS2BF16
	0x78: {p66: vec | s1}, // VPBROADCASTB
	0x79: {p66: vec | s2},
	0x8C: {p66: full | memOnly}, // VPMASKMOVD
	0x8E: {p66: other | wv | vl | memOnly},
	0x90: {p66: vec | vsib | memOnly}, // gathers
	0x91: {p66: vec | vsib | memOnly},
	0x92: {p66: vec | vsib | memOnly},
	0x93: {p66: vec | vsib | memOnly},
	0x96: {p66: full}, // VFMADDSUB132PS, …
	0x97: {p66: full},
	0x98: {p66: full},
	0x99: {p66: vec | sy},
	0x9A: {p66: full},
	0x9B: {p66: vec | sy},
	0x9C: {p66: full},
	0x9D: {p66: vec | sy},
	0x9E: {p66: full},
	0x9F: {p66: vec | sy},
	0xA6: {p66: full},
	0xA7: {p66: full},
	0xA8: {p66: full},
	0xA9: {p66: vec | sy},
	0xAA: {p66: full},
	0xAB: {p66: vec | sy},
	0xAC: {p66: full},
	0xAD: {p66: vec | sy},
	0xAE: {p66: full},
	0xAF: {p66: vec | sy},
	0xB0: {np: full | memOnly, p66: full | memOnly, pF3: full | memOnly, pF2: full | memOnly}, // VCVTNEOPH2PS, …
	0xB1: {p66: vec | s2 | memOnly, pF3: vec | s2 | memOnly},
	0xB4: {p66: full}, // VPMADD52LUQ
	0xB5: {p66: full},
	0xB6: {p66: full},
	0xB7: {p66: full},
	0xB8: {p66: full},
	0xB9: {p66: vec | sy},
	0xBA: {p66: full},
	0xBB: {p66: vec | sy},
	0xBC: {p66: full},
	0xBD: {p66: vec | sy},
	0xBE: {p66: full},
	0xBF: {p66: vec | sy},
	0xCB: {pF2: vec | regOnly}, // VSHA512RNDS2, VSHA512MSG1, VSHA512MSG2
	0xCC: {pF2: vec | regOnly},
	0xCD: {pF2: vec | regOnly},
	0xD2: {np: full, p66: full, pF3: full}, // VPDPWUUD, …
	0xD3: {np: full, p66: full, pF3: full},
	0xDA: {np: full, p66: full, pF3: full, pF2: full}, // VSM3MSG1, VSM3MSG2, VSM4KEY4, VSM4RNDS4
	0xE0: {p66: locked | eg | sy | bothW | memOnly},   // CMPccXADD
	0xE1: {p66: locked | eg | sy | bothW | memOnly},
	0xE2: {p66: locked | eg | sy | bothW | memOnly},
	0xE3: {p66: locked | eg | sy | bothW | memOnly},
	0xE4: {p66: locked | eg | sy | bothW | memOnly},
	0xE5: {p66: locked | eg | sy | bothW | memOnly},
	0xE6: {p66: locked | eg | sy | bothW | memOnly},
	0xE7: {p66: locked | eg | sy | bothW | memOnly},
	0xE8: {p66: locked | eg | sy | bothW | memOnly},
	0xE9: {p66: locked | eg | sy | bothW | memOnly},
	0xEA: {p66: locked | eg | sy | bothW | memOnly},
	0xEB: {p66: locked | eg | sy | bothW | memOnly},
	0xEC: {p66: locked | eg | sy | bothW | memOnly},
	0xED: {p66: locked | eg | sy | bothW | memOnly},
	0xEE: {p66: locked | eg | sy | bothW | memOnly},
	0xEF: {p66: locked | eg | sy | bothW | memOnly},
	0xF2: {np: other | ge | sy}, // ANDN
	0xF3: {np: group17},
	0xF5: {np: other | ge | sy, pF3: other | ge | sy, pF2: other | ge | sy},                       // BZHI, PEXT, PDEP
	0xF6: {pF2: other | gbe | sy},                                                                 // MULX
	0xF7: {np: other | ge | sy, p66: other | ge | sy, pF3: other | ge | sy, pF2: other | ge | sy}, // BEXTR, SHLX, SARX, SHRX
}

// Every opcode of VEX map 3 is followed by one immediate byte.
var vexMap3 = [256]row{
	0x00: {p66: full | ib}, // VPERMQ
	0x01: {p66: full | ib},
	0x02: {p66: full | ib},
	0x04: {p66: full | ib},
	0x05: {p66: full | ib},
	0x06: {p66: full | ib},             // VPERM2F128
	0x18: {p66: vec | s16 | ib},        // VINSERTF128
	0x19: {p66: other | wv | s16 | ib}, // VEXTRACTF128
	0x1D: {p66: other | wv | vl2 | ib}, // VCVTPS2PH
	0x21: {p66: vec | s4 | ib},         // VINSERTPS
	0x30: {p66: kk | regOnly | ib},     // KSHIFTRW, …
	0x31: {p66: kk | regOnly | ib},
	0x32: {p66: kk | regOnly | ib},
	0x33: {p66: kk | regOnly | ib},
	0x38: {p66: vec | s16 | ib},        // VINSERTI128
	0x39: {p66: other | wv | s16 | ib}, // VEXTRACTI128
	0x46: {p66: full | ib},             // VPERM2I128
	0x4A: {p66: full | ib},             // VBLENDVPS
	0x4B: {p66: full | ib},
	0x4C: {p66: full | ib},
	0x5C: {p66: full | ib}, // VFMADDSUBPS, … of FMA4: W says which source the memory is
	0x5D: {p66: full | ib},
	0x5E: {p66: full | ib},
	0x5F: {p66: full | ib},
	0x68: {p66: full | ib},
	0x69: {p66: full | ib},
	0x6A: {p66: vec | s4 | ib},
	0x6B: {p66: vec | s8 | ib},
	0x6C: {p66: full | ib},
	0x6D: {p66: full | ib},
	0x6E: {p66: vec | s4 | ib},
	0x6F: {p66: vec | s8 | ib},
	0x78: {p66: full | ib},
	0x79: {p66: full | ib},
	0x7A: {p66: vec | s4 | ib},
	0x7B: {p66: vec | s8 | ib},
	0x7C: {p66: full | ib},
	0x7D: {p66: full | ib},
	0x7E: {p66: vec | s4 | ib},
	0x7F: {p66: vec | s8 | ib},
	0xDE: {p66: full | ib},            // VSM3RNDS2
	0xF0: {pF2: other | ge | sy | ib}, // RORX
}
