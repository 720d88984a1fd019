package x86

// map0F38 is the opcode map after 0F 38, and, where an entry says so, VEX map 2.
var map0F38 = [256]row{
	0x00: {mmx, full},
	0x01: {mmx, full},
	0x02: {mmx, full},
	0x03: {mmx, full},
	0x04: {mmx, full},
	0x05: {mmx, full},
	0x06: {mmx, full},
	0x07: {mmx, full},
	0x08: {mmx, full},
	0x09: {mmx, full},
	0x0A: {mmx, full},
	0x0B: {mmx, full},
	0x10: {p66: other | vw | vl}, // PBLENDVB
	0x14: {p66: other | vw | vl},
	0x15: {p66: other | vw | vl},
	0x17: {p66: other | _w | vl | avx}, // PTEST
	0x1C: {mmx, full},
	0x1D: {mmx, full},
	0x1E: {mmx, full},
	0x20: {p66: vec | vl2}, // PMOVSXBW
	0x21: {p66: vec | vl4},
	0x22: {p66: vec | vl8},
	0x23: {p66: vec | vl2},
	0x24: {p66: vec | vl4},
	0x25: {p66: vec | vl2},
	0x28: {p66: full},
	0x29: {p66: full},
	0x2A: {p66: load | memOnly}, // MOVNTDQA
	0x2B: {p66: full},
	0x30: {p66: vec | vl2}, // PMOVZXBW
	0x31: {p66: vec | vl4},
	0x32: {p66: vec | vl8},
	0x33: {p66: vec | vl2},
	0x34: {p66: vec | vl4},
	0x35: {p66: vec | vl2},
	0x37: {p66: full},
	0x38: {p66: full},
	0x39: {p66: full},
	0x3A: {p66: full},
	0x3B: {p66: full},
	0x3C: {p66: full},
	0x3D: {p66: full},
	0x3E: {p66: full},
	0x3F: {p66: full},
	0x40: {p66: full},
	0x41: {p66: full},
	0x80: {p66: other | _e | s16 | memOnly}, // INVEPT, INVVPID, INVPCID
	0x81: {p66: other | _e | s16 | memOnly},
	0x82: {p66: other | _e | s16 | memOnly},
	0xC8: {other | vw | vl}, // SHA1NEXTE
	0xC9: {other | vw | vl},
	0xCA: {other | vw | vl},
	0xCB: {other | vw | vl},
	0xCC: {other | vw | vl},
	0xCD: {other | vw | vl},
	0xCF: {p66: full}, // GF2P8MULB
	0xD8: {pF3: groupKeyWide | memOnly},
	0xDB: {p66: full},                          // AESIMC
	0xDC: {p66: full, pF3: other | vw | vague}, // AESENC, AESENC128KL
	0xDD: {p66: full, pF3: other | vw | vague | memOnly},
	0xDE: {p66: full, pF3: other | vw | vague | memOnly},
	0xDF: {p66: full, pF3: other | vw | vague | memOnly},
	0xF0: {np: other | ge | sv | memOnly, p66: other | ge | sv | memOnly, pF2: other | geb | sy}, // MOVBE, CRC32
	0xF1: {np: other | eg | sv | memOnly, p66: other | eg | sv | memOnly, pF2: other | ge | sv},
	0xF5: {p66: other | eg | sy | memOnly},                                                     // WRUSS
	0xF6: {np: other | eg | sy | memOnly, p66: other | ge | sy, pF3: other | ge | sy},          // WRSS, ADCX, ADOX
	0xF8: {p66: other | gme | memOnly, pF3: other | gme | memOnly, pF2: other | gme | memOnly}, // MOVDIR64B, ENQCMDS, ENQCMD
	0xF9: {mov | eg | sy | memOnly},                                                            // MOVDIRI
	0xFA: {pF3: other | g_ | regOnly},                                                          // ENCODEKEY128
	0xFB: {pF3: other | g_ | regOnly},
	0xFC: {other | eg | sy | memOnly, other | eg | sy | memOnly, other | eg | sy | memOnly, other | eg | sy | memOnly}, // AADD, AAND, AXOR, AOR
}

// map0F3A is the opcode map after 0F 3A, and, where an entry says so, VEX map 3.
// Every opcode is followed by one immediate byte.
var map0F3A = [256]row{
	0x08: {p66: full | ib}, // ROUNDPS
	0x09: {p66: full | ib},
	0x0A: {p66: vec | s4 | ib},
	0x0B: {p66: vec | s8 | ib},
	0x0C: {p66: full | ib},
	0x0D: {p66: full | ib},
	0x0E: {p66: full | ib},
	0x0F: {mmx | ib, full | ib},             // PALIGNR
	0x14: {p66: other | ev | s1 | ib | avx}, // PEXTRB, PEXTRW, PEXTRD, EXTRACTPS
	0x15: {p66: other | ev | s2 | ib | avx},
	0x16: {p66: other | ev | sy | ib | avx},
	0x17: {p66: other | ev | s4 | ib | avx},
	0x20: {p66: other | ve | s1 | ib | avx}, // PINSRB
	0x21: {p66: vec | s4 | ib},              // INSERTPS
	0x22: {p66: other | ve | sy | ib | avx}, // PINSRD
	0x40: {p66: full | ib},
	0x41: {p66: full | ib},
	0x42: {p66: full | ib},
	0x44: {p66: full | ib},                        // PCLMULQDQ
	0x60: {p66: other | _w | vl | ib | avx},       // PCMPESTRM
	0x61: {p66: other | _w | vl | ib | avx | wCX}, // PCMPESTRI
	0x62: {p66: other | _w | vl | ib | avx},
	0x63: {p66: other | _w | vl | ib | avx | wCX}, // PCMPISTRI
	0xCC: {other | vw | vl | ib},                  // SHA1RNDS4
	0xCE: {p66: full | ib},
	0xCF: {p66: full | ib},
	0xDF: {p66: full | ib},                 // AESKEYGENASSIST
	0xF0: {pF3: other | mm | regOnly | ib}, // HRESET
}
