package elfimage

// Where an exception that a function does not stop goes to: the landing pads in the
// tables of C++ and of C's cleanup (Itanium C++ ABI, "Exception Handling Tables").

// Landings returns the places where control comes to when a call of a function is
// unwound. It is not ok if the function has a table of them that cannot be read.
func (im *Image) Landings(fn int) (pads []uint64, ok bool) {
	table, listed := im.tables[im.Funcs[fn].Start]
	if !listed {
		return nil, true
	}
	r := reader{im: im, at: table}
	base := im.Funcs[fn].Start
	if form := r.byte(); form != omitted {
		base = r.pointer(form)
	}
	if form := r.byte(); form != omitted {
		r.uleb() // where the types are
	}
	form := r.byte()
	size := r.uleb()
	for end := r.at + size; r.at < end && !r.failed; {
		r.value(form) // of the code, from where
		r.value(form) // how much
		pad := r.value(form)
		r.uleb() // what is done there
		if pad != 0 && im.Code(base+pad) {
			pads = append(pads, base+pad)
		}
	}
	return pads, !r.failed
}

// Forms of pointers in these tables (LSB Core, "DWARF Exception Header Encoding").
const (
	omitted  = 0xff
	formPC   = 0x10 // counted from where it stands
	formKind = 0x0f
)

// A reader reads what stands at an address on.
type reader struct {
	im     *Image
	at     uint64
	failed bool
}

func (r *reader) bytes(n uint64) []byte {
	b := r.im.Bytes(r.at, n)
	if b == nil {
		r.failed = true
		return make([]byte, n)
	}
	r.at += n
	return b
}

func (r *reader) byte() byte { return r.bytes(1)[0] }

// uleb reads an unsigned LEB128 number.
func (r *reader) uleb() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.failed = true
	return 0
}

// value reads a number of a form.
func (r *reader) value(form byte) uint64 {
	switch form & formKind {
	case 0x01:
		return r.uleb()
	case 0x02:
		return uint64(order.Uint16(r.bytes(2)))
	case 0x03:
		return uint64(order.Uint32(r.bytes(4)))
	case 0x0a:
		return uint64(int64(int16(order.Uint16(r.bytes(2)))))
	case 0x0b:
		return uint64(int64(int32(order.Uint32(r.bytes(4)))))
	case 0x00, 0x04, 0x0c:
		return order.Uint64(r.bytes(8))
	}
	r.failed = true
	return 0
}

// pointer reads an address of a form, 0 where there is none.
func (r *reader) pointer(form byte) uint64 {
	at := r.at
	v := r.value(form)
	switch {
	case v == 0:
	case form&^formKind == formPC:
		v += at
	case form&^formKind != 0:
		r.failed = true
	}
	return v
}
