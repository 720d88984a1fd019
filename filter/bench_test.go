package filter

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/sample"
	"github.com/gocurb/curb/syscalls"
)

// checked are the calls of the sample policy whose arguments count.
var checked = func() map[string]Cond {
	conds := make(map[string]Cond)
	for _, c := range sample.Checks {
		conds[c.Syscall] = Cond{c.Arg, Equal, c.Mask, c.Values}
	}
	return conds
}()

func benchPolicies() map[string]Policy {
	withArgs := Policy{Default: Errno(1)}
	for _, name := range sample.Names {
		rule := Rule{Syscall: name, Action: Allow}
		if c, found := checked[name]; found {
			rule.Conds = []Cond{c}
		}
		withArgs.Rules = append(withArgs.Rules, rule)
	}
	var long []string
	for call := range syscalls.AMD64.All() {
		if !slices.Contains(sample.Closed, call.Name) {
			long = append(long, call.Name)
		}
	}
	return map[string]Policy{
		"names": allowOnly(syscalls.AMD64, sample.Names...),
		"args":  withArgs,
		"long":  allowOnly(syscalls.AMD64, long...),
	}
}

// webServer gives what a busy web server calls: how often each call is made, by
// its name, and with which value of the argument that is checked.
func webServer(t testing.TB) (frequency map[string]float64, calls map[Data]float64) {
	t.Helper()
	recorded, err := sample.Calls()
	if err != nil {
		t.Fatal(err)
	}
	frequency, calls = make(map[string]float64), make(map[Data]float64)
	for _, c := range recorded {
		call, _ := syscalls.AMD64.ByName(c.Syscall)
		d := Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch}
		if check, found := checked[c.Syscall]; found {
			d.Args[check.Arg] = c.Value
		}
		frequency[c.Syscall] += float64(c.Count)
		calls[d] += float64(c.Count)
	}
	return frequency, calls
}

func BenchmarkCompile(b *testing.B) {
	for name, p := range benchPolicies() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(compile(b, syscalls.AMD64, p))
			}
			b.ReportMetric(float64(n), "instructions")
		})
	}
}

// BenchmarkRun reports how many instructions a call takes on the average: over
// the calls whose arguments are checked, with arguments that pass, and over
// those that are denied. The kernel does not run the filter for the rest.
func BenchmarkRun(b *testing.B) {
	for name, p := range benchPolicies() {
		prog := compile(b, syscalls.AMD64, p)
		inputs := make(map[string][]Data)
		for call := range syscalls.AMD64.All() {
			d := Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch}
			if c, found := checked[call.Name]; found && name == "args" {
				d.Args[c.Arg] = c.Values[0]
				inputs["checked"] = append(inputs["checked"], d)
			} else if p.Verdict(syscalls.AMD64, d) != Allow {
				inputs["denied"] = append(inputs["denied"], d)
			}
		}
		for kind, list := range inputs {
			b.Run(fmt.Sprintf("%s/%s", name, kind), func(b *testing.B) {
				steps, n := 0, 0
				for b.Loop() {
					for i := range list {
						_, s, err := prog.run(&list[i])
						if err != nil {
							b.Fatal(err)
						}
						steps += s
						n++
					}
				}
				b.ReportMetric(float64(steps)/float64(n), "instructions/call")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/call")
			})
		}
	}
}
