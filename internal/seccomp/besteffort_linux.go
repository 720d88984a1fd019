package seccomp

import "slices"

// LoadBestEffort is Load, but does without what the kernel lacks and the filter
// can do without. It returns that, and an error only where nothing is in force.
//
// RetLog becomes RetAllow, since to a kernel that does not know it the kernel's
// answer would be to kill; the same calls are made, unlogged. Flags are left
// off: they change neither what is allowed nor what is denied. RetKillProcess
// stays as it is, since older kernels themselves take it for RetKillThread.
// Where it cannot be told whether the kernel has something, it is taken to lack
// it, and the Lack says so.
func LoadBestEffort(prog Program, flags Flags) ([]Lack, error) {
	var lacking []Lack
	if prog.has(RetKillProcess) {
		if err := HasAction(RetKillProcess); err != nil {
			lacking = append(lacking, Lack{ActionKillProcess, err})
		}
	}
	if prog.has(RetLog) {
		if err := HasAction(RetLog); err != nil {
			lacking = append(lacking, Lack{ActionLog, err})
			prog = prog.withoutLog()
		}
	}
	err := Load(prog, flags)
	if err == nil || flags == 0 {
		return loaded(lacking, err)
	}
	for _, f := range []Feature{FlagLogDenials, FlagAllowSpeculation} {
		if flags&f.flag() == 0 {
			continue
		}
		if err := HasFlags(f.flag()); err != nil {
			lacking = append(lacking, Lack{f, err})
			flags &^= f.flag()
		}
	}
	return loaded(lacking, Load(prog, flags))
}

func loaded(lacking []Lack, err error) ([]Lack, error) {
	if err != nil {
		return nil, err
	}
	return lacking, nil
}

func (p Program) withoutLog() Program {
	p = slices.Clone(p)
	for i, ins := range p {
		if returns(ins, RetLog) {
			p[i] = ins&^0xffffffff | RetAllow
		}
	}
	return p
}
