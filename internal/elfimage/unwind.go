package elfimage

import (
	"cmp"
	"slices"
)

// unwindable returns the functions that the tables for unwinding list, by
// address, none overlapping another (LSB Core, "Exception Frames").
func (im *Image) unwindable() []Range {
	im.tables = map[uint64]uint64{}
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
		if r, ok := im.frame(at + uint64(int64(int32(order.Uint32(table[4:]))))); ok {
			out = append(out, r)
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
		b := im.Bytes(at, 8)
		if b == nil || order.Uint32(b) == 0 || order.Uint32(b) == 0xffffffff {
			break
		}
		if order.Uint32(b[4:]) != 0 {
			if r, ok := im.frame(at); ok {
				out = append(out, r)
			}
		}
		at += 4 + uint64(order.Uint32(b))
	}
	return out
}

// frame reads the entry of a function, and notes where its table of landing pads is.
func (im *Image) frame(at uint64) (Range, bool) {
	r := reader{im: im, at: at}
	if size := r.value(0x03); size == 0 || size == 0xffffffff {
		return Range{}, false
	}
	common := r.at
	common -= r.value(0x03)
	forms := im.forms(common)
	if r.failed || !forms.known {
		return Range{}, false
	}
	start := r.pointer(forms.code)
	size := r.value(forms.code)
	if r.failed || size == 0 || !im.Code(start) || im.Bytes(start, size) == nil {
		return Range{}, false
	}
	if forms.augmented && forms.table != omitted {
		r.uleb() // how long that is
		if table := r.pointer(forms.table); table != 0 {
			im.tables[start] = table // a bad one is found out where it is read
		}
	}
	return Range{start, start + size}, true
}

// frameForms is how entries have their addresses.
type frameForms struct {
	known, augmented bool
	code, table      byte
}

// forms reads the common entry at an address.
func (im *Image) forms(at uint64) frameForms {
	out := frameForms{table: omitted}
	r := reader{im: im, at: at + 8}
	r.byte() // the version
	augmentation := text(im.From(r.at), 0)
	r.at += uint64(len(augmentation)) + 1
	if augmentation == "" {
		out.known = !r.failed
		return out
	}
	if augmentation[0] != 'z' {
		return out
	}
	out.augmented = true
	for range 4 { // alignments, the register of the return address, the length
		r.uleb()
	}
	for _, c := range augmentation[1:] {
		switch c {
		case 'R':
			out.code = r.byte()
		case 'L':
			out.table = r.byte()
		case 'P':
			im.handler(&r)
		case 'S', 'B': // a signal's frame, signed addresses
		default:
			return out
		}
	}
	out.known = !r.failed
	return out
}

// A Handler is a function that the unwinder calls for a frame: at an address, or that
// which the word there holds.
type Handler struct {
	Addr uint64
	Word bool
}

// handler reads and notes the handler that a common entry names.
func (im *Image) handler(r *reader) {
	const indirect = 0x80
	form := r.byte()
	h := Handler{Addr: r.at, Word: form&indirect != 0}
	switch {
	case form == 0x00 || form == 0x04 || form == 0x0c: // the address itself, which the loader may have to write
		h.Word = true
		r.value(form)
	case form&^indirect&^formKind == formPC:
		h.Addr += r.value(form)
	default:
		h.Addr = r.value(form)
	}
	if !r.failed && !slices.Contains(im.Handlers, h) {
		im.Handlers = append(im.Handlers, h)
	}
}
