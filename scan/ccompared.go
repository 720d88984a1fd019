package scan

import "github.com/gocurb/curb/internal/isa"

// compares reports whether code makes a pointer to compare another with it, and for
// nothing else: so C libraries look where a signal has interrupted them. An addition
// makes one where code does so in two steps.
func (c *clib) compares(at cfunc, x ref) bool {
	im := c.images[at.image]
	pc := im.Funcs[at.fn].Start + uint64(x.off)
	d := decoder{arch: c.a.arch}
	for code := im.From(pc); len(d.insts) < 2; {
		n, err := d.append(code, pc)
		if err != nil || n == 0 || n > uint64(len(code)) {
			return false
		}
		code, pc = code[n:], pc+n
	}
	made, next := &d.insts[0], &d.insts[1]
	if made.Op != isa.Lea && made.Op != isa.Mov && made.Op != isa.Add || made.Dst.Kind != isa.KindReg || next.Op != isa.Cmp || !readsReg(next, made.Dst.Reg) {
		return false
	}
	b := c.a.body(c.number(at))
	i, ok := b.find(x.place)
	return ok && c.a.arch.onlyCompared(b, i, made.Dst.Reg)
}

// onlyCompared reports whether what instruction i puts into a register is compared,
// and nothing else becomes of it.
func (arch *arch) onlyCompared(b *body, i int, r isa.Reg) bool {
	out := b.successors()
	seen := map[int]bool{}
	for work := b.next(i, out, nil); len(work) > 0; {
		k := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[k] {
			continue
		}
		seen[k] = true
		in := &b.insts[k]
		leaves := (in.Op == isa.Jump || in.Op == isa.CondJump) && (in.Target < b.fn.Entry || in.Target >= b.fn.End)
		switch {
		case in.Op == isa.Ret && (arch.returned|arch.kept)&(1<<r) == 0:
			continue
		case in.Op == isa.Ret || in.Op == isa.Call || in.Op == isa.CallInd || in.Op == isa.JumpInd || leaves:
			return false
		case in.Op == isa.Syscall && arch.arguments&(1<<r) != 0:
			return false
		case readsReg(in, r) && (in.Op != isa.Cmp || based(in, r)):
			return false
		}
		if in.Writes&(1<<r) == 0 || in.Size < 4 {
			work = b.next(k, out, work)
		}
	}
	return true
}
