package usage

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Several stands for the name of the binary where a usage is of several.
const Several = "several programs"

// A united is what the usages of one program are united in.
type united struct {
	bounds   *Bounds
	together bool
	head     Usage // without what follows
	calls    map[call]*unitedCall

	recordings bounded[Recording]
	unresolved bounded[Unresolved]
	dropped    Dropped

	file int             // of the last usage
	met  map[string]bool // the recordings in it
}

// A unitedCall is one system call of it.
type unitedCall struct {
	Syscall       // without what follows
	noArgs   bool // it was only ever denied, so that Args says nothing yet
	evidence bounded[Evidence]
	by       bounded[Source]
	stacks   bounded[Stack]
}

func newUnited(b *Bounds, together bool) *united {
	return &united{
		bounds: b, together: together, calls: map[call]*unitedCall{},
		recordings: bounded[Recording]{most: b.Recordings},
		unresolved: bounded[Unresolved]{most: b.Places},
	}
}

func (p *united) add(u *Usage, file int) {
	if file != p.file {
		p.file, p.met = file, map[string]bool{}
	}
	p.addHead(u)
	if d := u.Dropped; d != nil {
		p.dropped.Recordings += d.Recordings
		p.dropped.Lost.Add(d.Lost)
		p.dropped.Stacks += d.Stacks
		p.dropped.Places = p.dropped.Places || d.Places
	}
	for _, r := range u.Recordings {
		if p.met[r.ID] {
			continue // of another process
		}
		p.met[r.ID] = true
		if out := p.recordings.add(r.ID, r, nil); out != nil {
			p.dropped.Recordings++
			p.dropped.Lost.Add(out.Lost)
		}
	}
	for _, o := range u.Unresolved {
		o.Binary = p.of(o.Binary, u)
		p.place(p.unresolved.add(text(o), o, nil) != nil)
	}
	for i := range u.Syscalls {
		p.addCall(&u.Syscalls[i], u)
	}
}

// addHead unites what is said about the program as a whole.
func (p *united) addHead(u *Usage) {
	h := &p.head
	if h.Arch == "" { // the first
		h.Arch, h.Phase = u.Arch, u.Phase
		h.Binary, h.GoVersion, h.SHA256 = u.Binary, u.GoVersion, u.SHA256
	} else {
		h.Phase = widest(h.Phase, u.Phase)
		switch {
		case p.together && h.Binary != u.Binary:
			h.Binary = Several
		case !p.together:
			h.Binary = min(h.Binary, u.Binary) // one file has many names
		}
		if h.GoVersion != u.GoVersion {
			h.GoVersion = ""
		}
		if h.SHA256 != u.SHA256 {
			h.SHA256 = ""
		}
	}
	h.Children = union(h.Children, u.Children)
	h.Launcher = union(h.Launcher, u.Launcher)
	if l := u.Loader; l != nil && (h.Loader == nil || l.Path+l.SHA256 < h.Loader.Path+h.Loader.SHA256) {
		h.Loader = l
	}
}

// of is the binary that something is in, where it is said.
func (p *united) of(binary string, u *Usage) string {
	if p.together {
		return either(binary, u.Binary)
	}
	return binary
}

func (p *united) place(out bool) { p.dropped.Places = p.dropped.Places || out }

func (p *united) addCall(s *Syscall, u *Usage) {
	c := p.calls[s.key()]
	if c == nil {
		c = &unitedCall{
			Syscall:  Syscall{Name: s.Name, Nr: s.Nr, Arch: s.Arch, Origin: s.Origin},
			evidence: bounded[Evidence]{most: p.bounds.Places},
			by:       bounded[Source]{most: p.bounds.Places},
			stacks:   bounded[Stack]{most: p.bounds.Stacks},
		}
		p.calls[s.key()] = c
		c.noArgs = true
	}
	c.Origin = min(c.Origin, s.Origin) // Code is the least
	p.addArgs(c, s)
	if s.Observed != nil {
		if c.Observed == nil {
			c.Observed = new(Observed)
		}
		c.Observed.add(s.Observed)
	}
	for _, e := range s.Evidence {
		e.Binary = p.of(e.Binary, u)
		p.place(c.evidence.add(text(e), e, nil) != nil)
	}
	for _, b := range s.By {
		b.Binary = p.of(b.Binary, u)
		p.place(c.by.add(text(b), b, nil) != nil)
	}
	for _, st := range s.Stacks {
		p.addStack(c, st, u)
	}
}

func (p *united) addArgs(c *unitedCall, s *Syscall) {
	switch denied := s.Observed != nil && s.Observed.Calls == 0; {
	case denied && s.Args == nil:
	case c.noArgs:
		c.noArgs = false
		c.setArgs(s, p.bounds.Values)
	default:
		c.uniteArgs(s, p.bounds.Values)
	}
}

func (p *united) addStack(c *unitedCall, s Stack, u *Usage) {
	s.Binary = p.of(s.Binary, u)
	if p.together {
		s.PCs = nil
	}
	out := c.stacks.add(s.way(), s, func(have *Stack) {
		have.Calls += s.Calls
		have.Time += s.Time
	})
	if out != nil {
		p.dropped.Stacks += out.Calls
	}
}

// usage returns what was united.
func (p *united) usage() *Usage {
	u := p.head
	u.Version = Version
	u.Syscalls, u.Unresolved = []Syscall{}, p.unresolved.list()
	u.Recordings = p.recordings.list()
	if len(u.Recordings) == 0 {
		u.Recordings = nil
	}
	if p.dropped != (Dropped{}) {
		dropped := p.dropped
		u.Dropped = &dropped
	}
	for _, c := range p.calls {
		s := c.Syscall
		s.Evidence, s.By, s.Stacks = c.evidence.list(), c.by.list(), c.stacks.list()
		slices.SortStableFunc(s.Evidence, func(a, b Evidence) int { return cmp.Compare(len(a.Chain), len(b.Chain)) })
		u.Syscalls = append(u.Syscalls, s)
	}
	u.Sort()
	return &u
}

// text is what tells two things of a type apart.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // none of the types can fail
	}
	return string(b)
}

// widest returns the phase that has the other in it.
func widest(a, b Phase) Phase {
	i, k := slices.Index(phases, a), slices.Index(phases, b)
	return phases[min(i, k)]
}

// union returns what is in one or the other, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func comparePrograms(a, b *Usage) int {
	return cmp.Or(cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Binary, b.Binary), cmp.Compare(a.GoVersion, b.GoVersion), cmp.Compare(a.SHA256, b.SHA256))
}
