package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
)

const btfFile = "/sys/kernel/btf/vmlinux"

// The kinds of BTF that are looked at (Documentation/bpf/btf.rst, Linux 6.18).
const (
	btfInt       = 1
	btfPtr       = 2
	btfArray     = 3
	btfStruct    = 4
	btfUnion     = 5
	btfEnum      = 6
	btfTypedef   = 8
	btfVolatile  = 9
	btfConst     = 10
	btfRestrict  = 11
	btfFunc      = 12
	btfFuncProto = 13
	btfVar       = 14
	btfDatasec   = 15
	btfDeclTag   = 17
	btfTypeTag   = 18
	btfEnum64    = 19
)

// A btf is the types of a kernel. types[0] is void.
type btf struct {
	order   binary.ByteOrder
	strings []byte
	types   []btfType
}

type btfType struct {
	kind   int
	name   string
	size   uint32 // or the number of the type that this one refers to
	params []btfParam
}

type btfParam struct {
	name string
	typ  uint32
}

func readBTF(path string) (*btf, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	b, err := parseBTF(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

var errBTFShort = errors.New("the BTF ends too early")

func parseBTF(data []byte) (*btf, error) {
	if len(data) < 24 {
		return nil, errBTFShort
	}
	b := &btf{order: binary.LittleEndian, types: make([]btfType, 1)}
	if data[0] == 0xeb { // the magic is 0xeb9f in the kernel's byte order
		b.order = binary.BigEndian
	}
	if b.order.Uint16(data) != 0xeb9f {
		return nil, errors.New("not BTF: the magic number is wrong")
	}
	word := func(i int) uint64 { return uint64(b.order.Uint32(data[4*i:])) }
	head, typeOff, typeLen, strOff, strLen := word(1), word(2), word(3), word(4), word(5)
	size := uint64(len(data))
	if head+typeOff+typeLen > size || head+strOff+strLen > size {
		return nil, errBTFShort
	}
	b.strings = data[head+strOff : head+strOff+strLen]
	types := data[head+typeOff : head+typeOff+typeLen]
	for len(types) > 0 {
		n, err := b.parseType(types)
		if err != nil {
			return nil, err
		}
		types = types[n:]
	}
	return b, nil
}

// parseType appends the type that data begins with and gives its length.
func (b *btf) parseType(data []byte) (int, error) {
	if len(data) < 12 {
		return 0, errBTFShort
	}
	info := b.order.Uint32(data[4:])
	count := int(info & 0xffff)
	t := btfType{kind: int(info >> 24 & 31), name: b.str(b.order.Uint32(data)), size: b.order.Uint32(data[8:])}
	n := 12
	switch t.kind {
	case btfInt, btfVar, btfDeclTag:
		n += 4
	case btfArray:
		n += 12
	case btfStruct, btfUnion, btfDatasec, btfEnum64:
		n += 12 * count
	case btfEnum, btfFuncProto:
		n += 8 * count
	}
	if len(data) < n {
		return 0, errBTFShort
	}
	if t.kind == btfFuncProto {
		for p := data[12:n]; len(p) > 0; p = p[8:] {
			t.params = append(t.params, btfParam{b.str(b.order.Uint32(p)), b.order.Uint32(p[4:])})
		}
	}
	b.types = append(b.types, t)
	return n, nil
}

func (b *btf) str(offset uint32) string {
	if uint64(offset) >= uint64(len(b.strings)) {
		return ""
	}
	s := b.strings[offset:]
	if end := bytes.IndexByte(s, 0); end >= 0 {
		s = s[:end]
	}
	return string(s)
}

// bits gives a scalar type's width, and 0 for what is no scalar.
func (b *btf) bits(typ uint32) int {
	for range 32 { // a chain of typedefs is short; a longer one is a cycle
		if uint64(typ) >= uint64(len(b.types)) {
			return 0
		}
		t := b.types[typ]
		switch t.kind {
		case btfInt, btfEnum, btfEnum64:
			return 8 * int(t.size)
		case btfPtr:
			return 64
		case btfTypedef, btfConst, btfVolatile, btfRestrict, btfTypeTag:
			typ = t.size
		default:
			return 0
		}
	}
	return 0
}

// sizes gives the bits of every scalar typedef and enum by its name in C.
// A name that stands for types of several sizes is left out.
func (b *btf) sizes() map[string]int {
	sizes := map[string]int{}
	for i, t := range b.types {
		name := t.name
		switch t.kind {
		case btfEnum, btfEnum64:
			name = "enum " + name
		case btfTypedef:
		default:
			continue
		}
		bits := b.bits(uint32(i))
		if old, ok := sizes[name]; ok && old != bits {
			bits = 0
		}
		sizes[name] = bits
	}
	for name, bits := range sizes {
		if bits == 0 {
			delete(sizes, name)
		}
	}
	return sizes
}

// calls gives, by entry point, the widths of the parameters of the system
// calls whose body the kernel's compiler left a function of its own. The rest
// was inlined and has no entry here. The bodies' names begin with __do_sys_, and
// for 32-bit programs with __do_compat_sys_.
func (b *btf) calls(prefix string) map[string][]int {
	calls := map[string][]int{}
	for _, t := range b.types {
		entry, ok := strings.CutPrefix(t.name, prefix)
		if t.kind != btfFunc || !ok || uint64(t.size) >= uint64(len(b.types)) {
			continue
		}
		widths := []int{}
		for _, p := range b.types[t.size].params {
			if p.name != "__unused" { // what SYSCALL_DEFINE0 declares for "no arguments"
				widths = append(widths, b.bits(p.typ))
			}
		}
		calls[entry] = widths
	}
	return calls
}
