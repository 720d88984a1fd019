package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Docker's form has entries that count under conditions: moby's
// profiles/seccomp, which leaves an entry out if one of the conditions of
// "excludes" holds, or one of "includes" does not.

// counts says whether an entry does.
func counts(fields map[string]node, o Options) (bool, error) {
	included, err := conditions(fields["includes"], o)
	if err != nil {
		return false, err
	}
	excluded, err := conditions(fields["excludes"], o)
	if err != nil {
		return false, err
	}
	return !slices.Contains(included, false) && !slices.Contains(excluded, true), nil
}

// conditions gives whether each of the conditions holds. Of the capabilities of
// "includes" all must be there, and one of those of "excludes" suffices, so that
// each is a condition of its own.
func conditions(n node, o Options) ([]bool, error) {
	if n.null() {
		return nil, nil
	}
	fields, err := n.object("arches", "caps", "minKernel")
	if err != nil {
		return nil, err
	}
	var hold []bool
	arches, err := fields["arches"].texts()
	if err != nil {
		return nil, err
	}
	if len(arches) > 0 {
		hold = append(hold, slices.Contains(arches, dockerArch(o.Arch)))
	}
	caps, err := fields["caps"].texts()
	if err != nil {
		return nil, err
	}
	if len(caps) > 0 && o.Capabilities == nil {
		return nil, fields["caps"].errorf("whether this entry counts depends on the container's capabilities, which were not given")
	}
	for _, c := range caps {
		hold = append(hold, slices.Contains(o.Capabilities, c))
	}
	minimum, err := fields["minKernel"].text()
	if err != nil || minimum == "" {
		return hold, err
	}
	least, err := release(minimum)
	if err != nil {
		return nil, fields["minKernel"].errorf("%w", err)
	}
	if o.Kernel == "" {
		return nil, fields["minKernel"].errorf("whether this entry counts depends on the kernel's release, which was not given")
	}
	is, err := release(o.Kernel)
	if err != nil {
		return nil, fmt.Errorf("the kernel's release: %w", err)
	}
	return append(hold, slices.Compare(is[:], least[:]) >= 0), nil
}

// dockerArch gives the name that Docker has for an architecture (goToNative).
func dockerArch(arch string) string {
	switch arch {
	case "386":
		return "x86"
	case "mipsle":
		return "mipsel"
	case "mips64le":
		return "mipsel64"
	}
	return arch
}

// release takes "4.8" or "6.12.3-1-amd64" apart. What comes after the second
// number does not count, as Docker has it.
func release(s string) (r [2]int, err error) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) < 2 {
		return r, fmt.Errorf("%q is no release of a kernel, such as 4.8", s)
	}
	parts[1], _, _ = strings.Cut(parts[1], "-")
	for i := range r {
		if r[i], err = strconv.Atoi(parts[i]); err != nil || r[i] < 0 {
			return r, fmt.Errorf("%q is no release of a kernel, such as 4.8", s)
		}
	}
	return r, nil
}
