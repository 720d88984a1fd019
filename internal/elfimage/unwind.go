package elfimage

import (
	"cmp"
	"slices"
)

// unwindable returns the functions that the tables for unwinding list, by
// address, none overlapping another (LSB Core, "Exception Frames").
func (im *Image) unwindable() []Range {
	out := im.indexed()
	if out == nil { // static programs have no index
		out = im.listed()
	}
	slices.SortFunc(out, func(x, y Range) int { return cmp.Compare(x.Start, y.Start) })
	kept := out[:0]
	for _, r := range out {
		if n := len(kept); n == 0 || r.Start >= kept[n-1].End {
			kept = append(kept, r)
		}
	}
	return kept
}

// indexed returns those to which the index of the tables leads.
func (im *Image) indexed() []Range {
	at := im.tags[ehFrame]
	h := im.Bytes(at, 12)
	const version, udata4, pcrel4, datarel4 = 1, 0x03, 0x1b, 0x3b
	if at == 0 || h == nil || h[0] != version || h[1] != pcrel4 || h[2] != udata4 || h[3] != datarel4 {
		return nil
	}
	table := im.Bytes(at+12, 8*uint64(order.Uint32(h[8:])))
	var out []Range
	for ; len(table) > 0; table = table[8:] {
		start := at + uint64(int64(int32(order.Uint32(table))))
		size, ok := im.frameSize(at + uint64(int64(int32(order.Uint32(table[4:])))))
		if ok && size > 0 && im.Code(start) && im.Bytes(start, size) != nil {
			out = append(out, Range{start, start + size})
		}
	}
	return out
}

// listed returns those of the section with the tables, one entry after another.
func (im *Image) listed() []Range {
	section, ok := im.named(".eh_frame")
	if !ok {
		return nil
	}
	var out []Range
	for at := section.Start; section.Contains(at); {
		b := im.Bytes(at, 16)
		if b == nil || order.Uint32(b) == 0 || order.Uint32(b) == 0xffffffff {
			break
		}
		size, ok := im.frameSize(at)
		start := uint64(0)
		switch form := im.pointerForm(at + 4 - uint64(order.Uint32(b[4:]))); form & 0xf7 {
		case 0x13: // four bytes, from their own place on
			start = at + 8 + uint64(int64(int32(order.Uint32(b[8:]))))
		case 0x03:
			start = uint64(order.Uint32(b[8:]))
		case 0x00, 0x04:
			start = order.Uint64(b[8:])
		default:
			ok = false
		}
		if order.Uint32(b[4:]) != 0 && ok && size > 0 && im.Code(start) && im.Bytes(start, size) != nil {
			out = append(out, Range{start, start + size})
		}
		at += 4 + uint64(order.Uint32(b))
	}
	return out
}

// frameSize returns how many bytes of code the entry at an address is for.
func (im *Image) frameSize(at uint64) (uint64, bool) {
	b := im.Bytes(at, 24)
	if b == nil || order.Uint32(b) == 0xffffffff {
		return 0, false
	}
	switch im.pointerForm(at+4-uint64(order.Uint32(b[4:]))) & 0x0f {
	case 0x03, 0x0b: // four bytes
		return uint64(order.Uint32(b[12:])), true
	case 0x00, 0x04, 0x0c: // eight
		return order.Uint64(b[16:]), true
	}
	return 0, false
}

// pointerForm returns how entries have addresses, as the common entry at an address
// says it.
func (im *Image) pointerForm(at uint64) byte {
	const unknown = 0xff
	b := im.From(at)
	if len(b) < 32 {
		return unknown
	}
	augmentation := text(b[:32], 9)
	rest := b[9+len(augmentation)+1:]
	if augmentation == "" {
		return 0
	}
	if augmentation[0] != 'z' {
		return unknown
	}
	number := func() bool { // an LEB128
		for len(rest) > 0 {
			c := rest[0]
			rest = rest[1:]
			if c < 0x80 {
				return true
			}
		}
		return false
	}
	if !number() || !number() || !number() || !number() { // alignments, return register, length
		return unknown
	}
	for _, c := range augmentation[1:] {
		switch {
		case len(rest) < 10:
			return unknown
		case c == 'R':
			return rest[0]
		case c == 'L':
			rest = rest[1:]
		case c == 'P' && rest[0]&0x0f == 0x0b || c == 'P' && rest[0]&0x0f == 0x03:
			rest = rest[5:]
		case c == 'P' && rest[0]&0x07 == 0 || c == 'P' && rest[0]&0x07 == 4:
			rest = rest[9:]
		case c == 'S' || c == 'B':
		default:
			return unknown
		}
	}
	return unknown
}
