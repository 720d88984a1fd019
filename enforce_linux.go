package curb

import "github.com/gocurb/curb/internal/seccomp"

// load puts the policy in force and returns what it was done without.
func (p Policy) load() ([]seccomp.Lack, error) {
	f, err := p.Filter()
	if err != nil {
		return nil, err
	}
	flags := seccomp.FlagsOf(f.LogDenials, f.AllowSpeculation)
	if !p.bestEffort {
		return nil, own(seccomp.Load(f.Program, flags))
	}
	lacking, err := seccomp.LoadBestEffort(f.Program, flags)
	return lacking, own(err)
}
