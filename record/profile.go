package record

import (
	"fmt"
	"io"

	"github.com/google/pprof/profile"

	"github.com/gocurb/curb/usage"
)

// WriteProfile writes the stacks as a profile for "go tool pprof": the sample types
// are calls and time. The innermost frame of each is the system call itself.
func WriteProfile(w io.Writer, usages ...*usage.Usage) error {
	b := &profileBuilder{
		profile: &profile.Profile{
			SampleType:        []*profile.ValueType{{Type: "calls", Unit: "count"}, {Type: "time", Unit: "nanoseconds"}},
			DefaultSampleType: "calls",
		},
		functions: map[functionID]*profile.Function{},
		locations: map[locationID]*profile.Location{},
	}
	for _, u := range usages {
		b.add(u)
	}
	if err := b.profile.CheckValid(); err != nil {
		return fmt.Errorf("make the profile: %w", err)
	}
	return b.profile.Write(w)
}

type (
	functionID struct{ name, file string }
	locationID struct {
		function functionID
		line     int
	}
)

type profileBuilder struct {
	profile   *profile.Profile
	functions map[functionID]*profile.Function
	locations map[locationID]*profile.Location
}

func (b *profileBuilder) add(u *usage.Usage) {
	for _, r := range u.Recordings {
		if b.profile.TimeNanos == 0 || r.Start.UnixNano() < b.profile.TimeNanos {
			b.profile.TimeNanos = r.Start.UnixNano()
		}
		b.profile.DurationNanos = max(b.profile.DurationNanos, int64(r.Duration))
	}
	for i := range u.Syscalls {
		s := &u.Syscalls[i]
		for _, stack := range s.Stacks {
			sample := &profile.Sample{
				Value:    []int64{int64(stack.Calls), int64(stack.Time)},
				Location: []*profile.Location{b.location(usage.Frame{Function: "[" + s.Name + "]"})},
				Label:    map[string][]string{"binary": {u.Binary}},
			}
			for _, f := range stack.Frames {
				sample.Location = append(sample.Location, b.location(f))
			}
			b.profile.Sample = append(b.profile.Sample, sample)
		}
	}
}

func (b *profileBuilder) location(f usage.Frame) *profile.Location {
	id := functionID{f.Function, f.File}
	function := b.functions[id]
	if function == nil {
		function = &profile.Function{ID: uint64(len(b.functions) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
		b.functions[id] = function
		b.profile.Function = append(b.profile.Function, function)
	}
	at := locationID{id, f.Line}
	location := b.locations[at]
	if location == nil {
		location = &profile.Location{ID: uint64(len(b.locations) + 1), Line: []profile.Line{{Function: function, Line: int64(f.Line)}}}
		b.locations[at] = location
		b.profile.Location = append(b.profile.Location, location)
	}
	return location
}
