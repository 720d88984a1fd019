package scan

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/isa"
	"github.com/gocurb/curb/usage"
)

// A loaderCall is a system call of the dynamic loader: its number, and the
// address of the instruction in the loader's file.
type loaderCall struct {
	nr uint32
	pc uint64
}

// loader adds the calls of the dynamic loader, which runs before the program's
// own first instruction: every call site in the loader's whole text, unless
// its code is followed, as that of programs with C code is.
func (a *analysis) loader(sysroot string) {
	if a.file.Interp == "" {
		return
	}
	path, err := elfimage.Resolve(sysroot, a.file.Interp)
	if err != nil || sysroot == "" || sysroot == "/" {
		path = filepath.Join(sysroot, a.file.Interp)
	}
	a.loaderFile = &usage.LoaderFile{Path: path}
	if a.c != nil { // what of it can run is known
		a.loaderFile.SHA256 = fmt.Sprintf("%x", a.c.images[a.c.loader].Sum())
		return
	}
	calls, err := a.loaderCalls()
	if err != nil {
		a.unresolved(noFunc, a.file.Entry, fmt.Sprintf("it is started by the dynamic loader %s: %v", a.file.Interp, err))
	}
	a.loaded = calls
}

// maxLoader is many times what loaders take.
const maxLoader = 64 << 20

// loaderCalls returns the system calls in the text of the loader.
func (a *analysis) loaderCalls() ([]loaderCall, error) {
	path := a.loaderFile.Path
	content, err := readRegular(path, maxLoader)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist on this machine (scan where the program will run, or name the root of that system with --sysroot)", path)
	} else if err != nil {
		return nil, err
	}
	a.loaderFile.SHA256 = fmt.Sprintf("%x", sha256.Sum256(content))
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if file.Machine != a.arch.machine {
		return nil, fmt.Errorf("%s is for %s, not for the program's machine %s", path, file.Machine, a.arch.machine)
	}
	var calls []loaderCall
	for _, s := range file.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&(elf.SHF_ALLOC|elf.SHF_EXECINSTR) != elf.SHF_ALLOC|elf.SHF_EXECINSTR {
			continue
		}
		code, err := s.Data()
		if err != nil {
			return nil, fmt.Errorf("read %s: section %s: %w", path, s.Name, err)
		}
		found, err := a.textCalls(code, s.Addr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		calls = append(calls, found...)
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("%s has no system call in its code, so it cannot be the loader", path)
	}
	return calls, nil
}

// readRegular reads a file that has at most so many bytes.
func readRegular(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, most)
	}
	return os.ReadFile(path)
}

// textCalls resolves every system call in a piece of C code, which is taken as
// one function that can be entered wherever control does not come from above.
func (a *analysis) textCalls(code []byte, addr uint64) ([]loaderCall, error) {
	fn := &gobin.Func{Entry: addr, End: addr + uint64(len(code))}
	d := decoder{arch: a.arch}
	if !d.straight(code, addr) || d.runsIntoData(fn, nil) {
		return nil, fmt.Errorf("its code from %#x on cannot be decoded", addr)
	}
	if err := d.overlapping(fn, code); err != nil {
		return nil, err
	}
	b := newCBody(&d, fn, nil, func(uint64) bool { return true })
	var calls []loaderCall
	for i := range b.insts {
		switch b.insts[i].Op {
		case isa.Sysenter, isa.Int:
			return nil, fmt.Errorf("the instruction at %#x makes system calls of the 32-bit kind", b.pcs[i])
		case isa.Syscall:
			for _, lf := range a.origins(b, i, regLoc(a.arch.number, 4)) {
				if lf.kind != leafConst {
					return nil, fmt.Errorf("the number of the system call at %#x cannot be told: %s", b.pcs[i], lf.reason)
				}
				calls = append(calls, loaderCall{uint32(lf.value), b.pcs[i]})
			}
		}
	}
	return calls, nil
}

// endCalls makes an end of every call of a function that never returns: what
// stands behind it belongs to somebody else.
func (b *body) endCalls(entries []uint64) {
	if !slices.ContainsFunc(b.insts, func(in isa.Inst) bool { return in.Op == isa.Call && in.Target >= b.fn.Entry && in.Target < b.fn.End }) {
		return
	}
	out := b.successors()
	returns := map[int]bool{} // functions, by their first instruction
	for changed := true; changed; {
		changed = false
		for i := range b.insts {
			if b.insts[i].Op != isa.Call {
				continue
			}
			to, ok := b.at(b.insts[i].Target)
			if !ok {
				continue
			}
			does, known := returns[to]
			if !known {
				does = b.returns(to, out) || to == 0 && slices.ContainsFunc(entries, func(pc uint64) bool {
					i, ok := b.at(pc)
					return ok && b.returns(i, out)
				})
				returns[to] = does
			}
			if !does {
				b.insts[i].Op, changed = isa.Trap, true
			}
		}
		clear(returns) // more functions may turn out not to
	}
}

// returns reports whether control can get from instruction i to a return, or to
// a place that is not known.
func (b *body) returns(i int, out map[int][]int) bool {
	seen := map[int]bool{}
	for work := []int{i}; len(work) > 0; {
		k := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[k] {
			continue
		}
		seen[k] = true
		in := &b.insts[k]
		leaves := (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End)
		if in.Op == isa.Ret || in.Op == isa.JumpInd || leaves {
			return true
		}
		work = b.next(k, out, work)
	}
	return false
}
