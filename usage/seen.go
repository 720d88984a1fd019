package usage

import "slices"

// Seen is what AddSeen found in recordings.
type Seen struct {
	Added  []string // calls that were not in the usage before, sorted
	Denied []string // calls that were never executed, since a filter denied them
	// Foreign are the calls of another architecture than the program: no filter
	// for the program's own allows them.
	Foreign []string
	Lost    Lost // what the recordings missed
	Joined  bool // none of them saw a program from its start on
}

// AddSeen adds the calls that recordings saw executed, with the values that their
// arguments had, each with the code that made it as evidence. Calls that were only
// ever denied are not added. Where the recordings did not look at the arguments of
// some calls, those of all that they saw can be any.
func (u *Usage) AddSeen(recorded *Usage) Seen {
	seen := Seen{Joined: recorded.Phase == Joined, Lost: recorded.lost()}
	u.Recordings = slices.Concat(u.Recordings, recorded.Recordings)
	for i := range recorded.Syscalls {
		s := &recorded.Syscalls[i]
		if seen.Lost.Values > 0 {
			unknown := *s
			unknown.Args, unknown.Cases = nil, nil
			s = &unknown
		}
		have := u.index(s)
		switch {
		case s.Arch != "":
			seen.Foreign = append(seen.Foreign, s.label())
		case s.Observed != nil && s.Observed.Calls == 0:
			seen.Denied = append(seen.Denied, s.Name)
		case have >= 0:
			u.Syscalls[have].uniteArgs(s, DefaultBounds.Values)
		default:
			seen.Added = append(seen.Added, s.Name)
			u.Syscalls = append(u.Syscalls, Syscall{
				Name: s.Name, Nr: s.Nr, Origin: s.Origin, Evidence: s.seenBy(), Args: s.Args, Cases: s.Cases,
			})
		}
	}
	u.Sort()
	return seen
}

// seenBy gives the way in which a call was made most often as evidence, besides
// what there is.
func (s *Syscall) seenBy() []Evidence {
	if len(s.Evidence) > 0 || s.Observed == nil {
		return s.Evidence
	}
	e := Evidence{Note: "observed"} // how often would change a generated file each time
	if len(s.Stacks) > 0 {
		top := &s.Stacks[0]
		e.Binary = top.Binary
		for _, f := range slices.Backward(top.Frames) {
			e.Chain = append(e.Chain, Step{Frame: f, How: "call"})
		}
		if len(top.Frames) > 0 {
			e.Frame = top.Frames[0]
			e.Chain[0].How = "root"
		}
	}
	return []Evidence{e}
}
