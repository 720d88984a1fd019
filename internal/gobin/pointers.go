package gobin

import "encoding/binary"

// A Mask says of each word of an object whether it is a pointer.
type Mask []bool

// Offsets in a type's descriptor (internal/abi.Type).
const (
	typePointers = 8  // the bytes up to the last pointer
	typeMask     = 32 // points to a bit for each word of these
)

// PointerMask returns the mask of a type's values, nil if it is damaged or very large:
// those of large types are not bits in all releases.
func (f *File) PointerMask(typ uint64) Mask {
	const most = 128 // words
	size, ok1 := f.Word(typ)
	pointers, ok2 := f.Word(typ + typePointers)
	at, ok3 := f.Word(typ + typeMask)
	bits := f.Bytes(at, (pointers/8+7)/8)
	if !ok1 || !ok2 || !ok3 || size > 8*most || pointers > size || bits == nil {
		return nil
	}
	mask := make(Mask, size/8)
	for i := range pointers / 8 {
		mask[i] = bits[i/8]>>(i%8)&1 != 0
	}
	return mask
}

// FindPointers returns the places in the variables that hold pointers where they have
// a mask, as the garbage collector knows them. ok is false if that cannot be read.
func (f *File) FindPointers(mask Mask) (places []uint64, ok bool) {
	m := &f.Module
	for _, part := range []struct {
		Range
		program uint64
	}{{m.Data[1], m.DataPointers}, {m.Zero[0], m.ZeroPointers}} {
		words, ok := f.runProgram(part.program, int((part.End-part.Start)/8))
		if !ok {
			return nil, false
		}
		for i := range words {
			if len(words)-i >= len(mask) && match(words[i:], mask) {
				places = append(places, part.Start+8*uint64(i))
			}
		}
	}
	return places, len(mask) > 0
}

func match(words, mask Mask) bool {
	for i, p := range mask {
		if words[i] != p {
			return false
		}
	}
	return true
}

// runProgram runs a program of the garbage collector that makes the mask of so many
// words (runtime/mbitmap.go, runGCProg).
func (f *File) runProgram(at uint64, words int) (Mask, bool) {
	out := make(Mask, 0, words)
	code := f.From(at)
	number := func() int {
		n, size := binary.Uvarint(code)
		if size <= 0 || n > uint64(words) {
			code = nil
			return 0
		}
		code = code[size:]
		return int(n)
	}
	for len(code) > 0 && len(out) <= words {
		op := code[0]
		code = code[1:]
		n := int(op & 0x7f)
		switch {
		case op == 0:
			return append(out, make(Mask, max(0, words-len(out)))...)[:words], true
		case op < 0x80:
			if len(code) < (n+7)/8 {
				return nil, false
			}
			for i := range n {
				out = append(out, code[i/8]>>(i%8)&1 != 0)
			}
			code = code[(n+7)/8:]
		default:
			if n == 0 {
				n = number()
			}
			count := number()
			if n > len(out) || n*count > words-len(out)+n {
				return nil, false
			}
			for range count {
				out = append(out, out[len(out)-n:]...)
			}
		}
	}
	return nil, false
}
