package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/gobin"
)

// Assume says what is taken for granted of the program's surroundings. The scan is
// right only where it is true.
type Assume struct {
	// Env: nobody sets GODEBUG or GOTRACEBACK. What the runtime does only if one
	// of them asks for it is left out: the mprotect of GODEBUG=efence=1, the kill
	// of GOTRACEBACK=crash. What the program's own code or its build asks for
	// (debug.SetTraceback, lines of //go:debug) is not.
	Env bool
	// Dlopen has the libraries that C code may load where it cannot be told which it
	// loads (dlopen, by a name that it makes): by absolute path, or by name, as it would
	// be looked for. All functions that they export count then, and so do what they need
	// and their constructors. If it is empty nothing is loaded there; if it is nil that
	// is not known, and such places are unresolved. What code loads by a name that can
	// be told is followed in any case. And what it looks for by a name that cannot be
	// told (dlsym) is then in a library that is loaded in one of these ways, not in
	// another one.
	Dlopen []string
}

// Names returns what a usage says of the assumptions.
func (s Assume) Names() []string {
	var out []string
	if s.Env {
		out = append(out, "env")
	}
	if s.Dlopen != nil && len(s.Dlopen) == 0 {
		out = append(out, "dlopen=none")
	}
	for _, file := range s.Dlopen {
		out = append(out, "dlopen="+file)
	}
	return out
}

// assume takes note of the assumptions, before anything is looked for.
func (a *analysis) assume(s Assume) {
	if s.Env {
		a.quiet = !a.isLibrary()
		a.dropSettings()
	}
}

// isLibrary reports whether the program may be a library for others, as which it
// crashes loudly (runtime.setTraceback).
func (a *analysis) isLibrary() bool {
	known := 0
	for s := range a.file.Symbols() {
		if s.Name == "runtime.islibrary" || s.Name == "runtime.isarchive" {
			if on, ok := a.file.Initial(s.Addr, 1); !ok || on != 0 {
				return true
			}
			known++
		}
	}
	return known < 2
}

// dropSettings forgets the pointers by which the runtime changes its variables as
// GODEBUG says: each is in a record, between the setting's name and, in releases that
// have them, what os.Setenv may change later and the default (runtime/runtime1.go,
// dbgVar). What the build sets is in a variable that the linker fills in. The runtime
// writes four bytes through such a pointer.
func (a *analysis) dropSettings() {
	var settings, built gobin.Symbol
	for s := range a.file.Symbols() {
		switch s.Name {
		case "runtime.debug":
			settings = s
		case "runtime.godebugDefault":
			built = s
		}
	}
	var set []string
	for field := range strings.SplitSeq(a.textAt(built.Addr), ",") {
		name, _, _ := strings.Cut(field, "=")
		set = append(set, name)
	}
	for _, w := range a.words {
		if w.value < settings.Addr || w.value >= settings.Addr+settings.Size {
			continue
		}
		name, i := a.textAt(w.addr-16), 0
		if name == "" {
			name = a.textAt(w.addr - 24) // the pointer is the second
			set = append(set, name)
		}
		if i, _ = slices.BinarySearch(a.pointers, w.value); name == "" || i == len(a.pointers) || a.pointers[i] != w.value {
			continue
		}
		a.pointers = slices.Delete(a.pointers, i, i+1)
		if byDefault, ok := a.file.Initial(w.addr+16, 4); !ok || byDefault != 0 || slices.Contains(set, name) {
			a.set = append(a.set, w.value)
		}
	}
}

// textAt returns the string whose header is at addr, "" if it is not printable.
func (a *analysis) textAt(addr uint64) string {
	const longest = 1 << 12
	at, ok1 := a.file.Word(addr)
	size, ok2 := a.file.Word(addr + 8)
	if !ok1 || !ok2 || size > longest {
		return ""
	}
	text := string(a.file.Bytes(at, size))
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}
