package profile_test

import (
	"fmt"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/profile"
)

// A profile of a container runtime, refined and printed as the code that makes it.
// MustEnforce would put it in force.
func Example() {
	const file = `{
		"defaultAction": "SCMP_ACT_ERRNO",
		"syscalls": [
			{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
			{"names": ["socket"], "action": "SCMP_ACT_ALLOW",
			 "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}
		]}`
	p, err := profile.Read([]byte(file), profile.Options{Arch: "amd64"})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%#v\n", curb.From(p.Policy).Allow("close"))
	// Output:
	// curb.Allow("read", "write").
	// 	AllowIf("socket", curb.Arg(0).Is(1)).
	// 	Allow("close")
}
