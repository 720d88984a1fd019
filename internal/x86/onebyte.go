package x86

// oneByte is the one-byte opcode map. Prefixes, REX, the escape 0F, VEX and
// EVEX are taken before it is looked at; what is missing does not exist in
// 64-bit mode. Far calls, jumps and returns may change the code segment, and
// with it the mode that the processor decodes in: they go to an unknown place.
var oneByte = [256]entry{
	0x00: add | eg | s1 | lk,
	0x01: add | eg | sv | lk,
	0x02: add | ge | s1,
	0x03: add | ge | sv,
	0x04: add | ai | s1 | iz,
	0x05: add | ai | sv | iz,

	0x08: or | eg | s1 | lk,
	0x09: or | eg | sv | lk,
	0x0A: or | ge | s1,
	0x0B: or | ge | sv,
	0x0C: or | ai | s1 | iz,
	0x0D: or | ai | sv | iz,

	0x10: other | eg | s1 | lk, // ADC
	0x11: other | eg | sv | lk,
	0x12: other | ge | s1,
	0x13: other | ge | sv,
	0x14: other | ai | s1 | iz,
	0x15: other | ai | sv | iz,

	0x18: other | eg | s1 | lk, // SBB
	0x19: other | eg | sv | lk,
	0x1A: other | ge | s1,
	0x1B: other | ge | sv,
	0x1C: other | ai | s1 | iz,
	0x1D: other | ai | sv | iz,

	0x20: and | eg | s1 | lk,
	0x21: and | eg | sv | lk,
	0x22: and | ge | s1,
	0x23: and | ge | sv,
	0x24: and | ai | s1 | iz,
	0x25: and | ai | sv | iz,

	0x28: sub | eg | s1 | lk,
	0x29: sub | eg | sv | lk,
	0x2A: sub | ge | s1,
	0x2B: sub | ge | sv,
	0x2C: sub | ai | s1 | iz,
	0x2D: sub | ai | sv | iz,

	0x30: xor | eg | s1 | lk,
	0x31: xor | eg | sv | lk,
	0x32: xor | ge | s1,
	0x33: xor | ge | sv,
	0x34: xor | ai | s1 | iz,
	0x35: xor | ai | sv | iz,

	0x38: cmp | eg | s1,
	0x39: cmp | eg | sv,
	0x3A: cmp | ge | s1,
	0x3B: cmp | ge | sv,
	0x3C: cmp | ai | s1 | iz,
	0x3D: cmp | ai | sv | iz,

	0x50: push | _z | st, 0x51: push | _z | st, 0x52: push | _z | st, 0x53: push | _z | st,
	0x54: push | _z | st, 0x55: push | _z | st, 0x56: push | _z | st, 0x57: push | _z | st,
	0x58: pop | z_ | st, 0x59: pop | z_ | st, 0x5A: pop | z_ | st, 0x5B: pop | z_ | st,
	0x5C: pop | z_ | st, 0x5D: pop | z_ | st, 0x5E: pop | z_ | st, 0x5F: pop | z_ | st,

	0x63: movsx | ged | sv, // MOVSXD
	0x68: push | _i | st | iz,
	0x69: other | ge | sv | iz, // IMUL
	0x6A: push | _i | st | ib,
	0x6B: other | ge | sv | ib, // IMUL
	0x6C: str | y_ | s1 | wDI,  // INS
	0x6D: str | y_ | sz | wDI,
	0x6E: other | _x | s1 | wSI, // OUTS
	0x6F: other | _x | sz | wSI,

	0x70: jcc | rel8, 0x71: jcc | rel8, 0x72: jcc | rel8, 0x73: jcc | rel8,
	0x74: jcc | rel8, 0x75: jcc | rel8, 0x76: jcc | rel8, 0x77: jcc | rel8,
	0x78: jcc | rel8, 0x79: jcc | rel8, 0x7A: jcc | rel8, 0x7B: jcc | rel8,
	0x7C: jcc | rel8, 0x7D: jcc | rel8, 0x7E: jcc | rel8, 0x7F: jcc | rel8,

	0x80: group1 | ei | s1 | iz,
	0x81: group1 | ei | sv | iz,
	0x83: group1 | ei | sv | ib,
	0x84: test | eg | s1,
	0x85: test | eg | sv,
	0x86: xchg | eg | s1 | lk,
	0x87: xchg | eg | sv | lk,
	0x88: mov | eg | s1,
	0x89: mov | eg | sv,
	0x8A: mov | ge | s1,
	0x8B: mov | ge | sv,
	0x8C: other | es | sv, // MOV from a segment register
	0x8D: lea | ge | sv,
	0x8E: other | _e | s2, // MOV to a segment register
	0x8F: group1A,

	0x90: xchg | az | sv, 0x91: xchg | az | sv, 0x92: xchg | az | sv, 0x93: xchg | az | sv,
	0x94: xchg | az | sv, 0x95: xchg | az | sv, 0x96: xchg | az | sv, 0x97: xchg | az | sv,

	0x98: movsx | aa | sv,
	0x99: other | wDX, // CWD, CDQ, CQO
	0x9B: other,       // FWAIT
	0x9C: push | st,   // PUSHF
	0x9D: pop | st,    // POPF
	0x9E: other,       // SAHF
	0x9F: other | wAX, // LAHF

	0xA0: mov | ao | s1 | ia,
	0xA1: mov | ao | sv | ia,
	0xA2: mov | oa | s1 | ia,
	0xA3: mov | oa | sv | ia,
	0xA4: str | yx | s1 | wSI | wDI, // MOVS
	0xA5: str | yx | sv | wSI | wDI,
	0xA6: other | _x | s1 | wSI | wDI, // CMPS
	0xA7: other | _x | sv | wSI | wDI,
	0xA8: test | ai | s1 | iz,
	0xA9: test | ai | sv | iz,
	0xAA: str | ya | s1 | wDI, // STOS
	0xAB: str | ya | sv | wDI,
	0xAC: other | _x | s1 | wAX | wSI, // LODS
	0xAD: other | _x | sv | wAX | wSI,
	0xAE: other | _y | s1 | wDI, // SCAS
	0xAF: other | _y | sv | wDI,

	0xB0: mov | zi | s1 | iz, 0xB1: mov | zi | s1 | iz,
	0xB2: mov | zi | s1 | iz, 0xB3: mov | zi | s1 | iz,
	0xB4: mov | zi | s1 | iz, 0xB5: mov | zi | s1 | iz,
	0xB6: mov | zi | s1 | iz, 0xB7: mov | zi | s1 | iz,
	0xB8: mov | zi | sv | iv, 0xB9: mov | zi | sv | iv,
	0xBA: mov | zi | sv | iv, 0xBB: mov | zi | sv | iv,
	0xBC: mov | zi | sv | iv, 0xBD: mov | zi | sv | iv,
	0xBE: mov | zi | sv | iv, 0xBF: mov | zi | sv | iv,

	0xC0: group2 | ei | s1 | ibu,
	0xC1: group2 | ei | sv | ibu,
	0xC2: ret | iw,
	0xC3: ret,
	0xC6: group11a,
	0xC7: group11b,
	0xC8: other | frame | iwb | wSP | wBP, // ENTER
	0xC9: leave | st,
	0xCA: jumpind | iw | wSP, // RETF
	0xCB: jumpind | wSP,
	0xCC: trap, // INT3
	0xCD: intn | _i | ibu,
	0xCF: jumpind | wSP, // IRET

	0xD0: group2 | e1 | s1,
	0xD1: group2 | e1 | sv,
	0xD2: group2 | ec | s1,
	0xD3: group2 | ec | sv,
	0xD7: other | _b | s1 | wAX, // XLAT
	0xD8: groupD8 | x87,
	0xD9: groupD9 | x87,
	0xDA: groupDA | x87,
	0xDB: groupDB | x87,
	0xDC: groupDC | x87,
	0xDD: groupDD | x87,
	0xDE: groupDE | x87,
	0xDF: groupDF | x87,

	0xE0: loop | rel8 | wCX, // LOOPNE, LOOPE, LOOP
	0xE1: loop | rel8 | wCX,
	0xE2: loop | rel8 | wCX,
	0xE3: loop | rel8,       // JRCXZ
	0xE4: other | ibu | wAX, // IN
	0xE5: other | ibu | wAX,
	0xE6: other | ibu, // OUT
	0xE7: other | ibu,
	0xE8: call | rel32,
	0xE9: jump | rel32,
	0xEB: jump | rel8,
	0xEC: other | wAX, // IN
	0xED: other | wAX,
	0xEE: other, // OUT
	0xEF: other,

	0xF1: trap,  // INT1
	0xF4: trap,  // HLT
	0xF5: other, // CMC
	0xF6: group3Byte | s1,
	0xF7: group3 | sv,
	0xF8: other, // CLC, STC, CLI, STI, CLD, STD
	0xF9: other,
	0xFA: other,
	0xFB: other,
	0xFC: other,
	0xFD: other,
	0xFE: group4 | s1,
	0xFF: group5,
}
