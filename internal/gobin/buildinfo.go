package gobin

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"strings"
)

// The build information, as the linker writes it (cmd/link/internal/ld/data.go)
// and debug/buildinfo reads it: aligned, in writable data, a magic text, then
// flags, then the two texts themselves, or up to Go 1.17 pointers to them.
const (
	buildInfoMagic  = "\xff Go buildinf:"
	buildInfoAlign  = 16
	buildInfoHeader = 32
	buildInfoInline = 2 // the flag for the texts themselves

	// maxBuildInfo is a hundred times what the largest programs have.
	maxBuildInfo = 8 << 20
)

// loadBuildInfo reads what the toolchain noted of itself and of the modules.
// Programs work without, so what cannot be read is as if it were not there.
func (f *File) loadBuildInfo() error {
	version, modules := f.buildInfoTexts()
	f.GoVersion = version
	// The runtime cuts off 16 bytes at each end, which mark the text.
	if n := len(modules); n >= 33 && modules[n-17] == '\n' {
		modules = modules[16 : n-16]
	} else {
		modules = ""
	}
	if version == "" {
		return nil
	}
	bi, err := debug.ParseBuildInfo(modules)
	if err != nil {
		return nil
	}
	bi.GoVersion = version
	f.BuildInfo = bi
	for _, s := range bi.Settings {
		if s.Key == "GOOS" && s.Value != "linux" {
			return fmt.Errorf("%w for Linux: it was built for %s", ErrNotGo, s.Value)
		}
	}
	return nil
}

// buildInfoTexts returns the version and the list of modules, "" where none.
func (f *File) buildInfoTexts() (version, modules string) {
	b := f.buildInfoAt()
	if b == nil {
		return "", ""
	}
	if b[15]&buildInfoInline != 0 {
		b = b[buildInfoHeader:]
		version, b = inlineText(b)
		modules, _ = inlineText(b)
		return version, modules
	}
	return f.stringAt(f.Order.Uint64(b[16:])), f.stringAt(f.Order.Uint64(b[24:]))
}

// buildInfoAt returns the image from the build information on.
func (f *File) buildInfoAt() []byte {
	magic := []byte(buildInfoMagic)
	for i := range f.segments {
		s := &f.segments[i]
		if !s.write {
			continue
		}
		for at := 0; ; at++ {
			n := bytes.Index(s.bytes[at:], magic)
			if n < 0 {
				break
			}
			if at += n; (s.addr+uint64(at))%buildInfoAlign == 0 && len(s.bytes)-at >= buildInfoHeader {
				return s.bytes[at:]
			}
		}
	}
	return nil
}

// inlineText cuts a text off that its length, as a variable-length integer, precedes.
func inlineText(b []byte) (string, []byte) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > maxBuildInfo || n > uint64(len(b)-size) {
		return "", nil
	}
	b = b[size:]
	return string(b[:n]), b[n:]
}

// stringAt returns the Go string whose pointer and length are at addr.
func (f *File) stringAt(addr uint64) string {
	header := f.Bytes(addr, 16)
	if header == nil {
		return ""
	}
	n := f.Order.Uint64(header[8:])
	if n > maxBuildInfo {
		return ""
	}
	return string(f.Bytes(f.Order.Uint64(header), n))
}

// A note is one of the file's notes (elf(5)).
type note struct {
	name string
	typ  uint32
	desc []byte
	at   Range
}

// notes returns the notes that are in the image. Go's linker puts GNU's build ID
// behind its own note, and leaves it out of the program header.
func (f *File) notes(e *elfFile) []note {
	const header, longest, most = 12, 4096, 64
	align := func(n uint32) uint64 { return (uint64(n) + 3) &^ 3 }
	var out []note
	for _, p := range e.progs {
		if p.typ != elf.PT_NOTE {
			continue
		}
		for at, end := p.addr, p.addr+p.fileSize; len(out) < most; {
			b := f.From(at)
			if len(b) < header {
				break
			}
			nameSize, descSize := f.Order.Uint32(b), f.Order.Uint32(b[4:])
			size := header + align(nameSize) + align(descSize)
			if nameSize > longest || descSize > longest || uint64(len(b)) < size {
				break
			}
			n := note{typ: f.Order.Uint32(b[8:]), at: Range{at, at + size}}
			n.name = strings.TrimRight(string(b[header:][:nameSize]), "\x00")
			n.desc = b[header+align(nameSize):][:descSize]
			if at >= end && n.name != "GNU" {
				break
			}
			out = append(out, n)
			at += size
		}
	}
	return out
}

// buildID returns the build ID that the go command gave the program.
func (f *File) buildID(e *elfFile) string {
	const goBuildID = 4 // cmd/link/internal/ld/elf.go, ELF_NOTE_GOBUILDID_TAG
	for _, n := range f.notes(e) {
		if n.name == "Go" && n.typ == goBuildID {
			return string(n.desc)
		}
	}
	return ""
}
