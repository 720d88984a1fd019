package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// compareFlags are the flags of a comparison.
type compareFlags struct {
	files  []string
	others bool
}

func (f *compareFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.files, "compare", nil, "hold the list against the recordings in the file `USAGE` (may be given several times)")
	cmd.Flags().BoolVar(&f.others, "others", false, "with --compare, count what other programs did as observed, too")
	cmd.MarkFlagsMutuallyExclusive("compare", "by")
	cmd.MarkFlagsMutuallyExclusive("compare", "child")
	cmd.MarkFlagsMutuallyExclusive("compare", "phase")
}

// run prints the comparison. A bug that it finds is status 1.
func (f *compareFlags) run(cmd *cobra.Command, predicted *usage.Usage, binary string, asJSON bool) error {
	done := progress(cmd.ErrOrStderr(), "comparing")
	c, err := f.compare(predicted, binary)
	done()
	if err != nil {
		return err
	}
	if err := printResult(cmd.OutOrStdout(), asJSON, c, c.Write); err != nil {
		return err
	}
	switch {
	case len(c.Gaps) > 0 || len(c.Missed)+len(c.MissedValues) > 0 && len(c.Unresolved) == 0:
		return &exitError{code: exitNo}
	case len(c.Unresolved) > 0:
		return &exitError{code: exitUndecided}
	}
	return nil
}

// compare holds the recordings in files against what was predicted for a binary.
func (f *compareFlags) compare(predicted *usage.Usage, binary string) (*usage.Comparison, error) {
	sum, err := hashFile(binary)
	if err != nil {
		return nil, err
	}
	graph, err := scan.OpenGraph(binary)
	if err != nil {
		return nil, err
	}
	defer graph.Close()
	c := usage.Compare(predicted)
	var strangers strangers
	own := 0
	for _, name := range f.files {
		err := readUsages(name, func(u *usage.Usage) error {
			switch {
			case len(u.Recordings) == 0:
				return fmt.Errorf("it is no recording: it predicts what %s can do", u.Binary)
			case u.SHA256 == sum && u.Arch == predicted.Arch:
				own++
				c.Add(predicted, u, graph)
			case f.others && u.Arch == predicted.Arch:
				c.AddOther(u)
			default:
				strangers.add(u)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if own == 0 && len(c.Others) == 0 {
		return nil, strangers.none(predicted, f)
	}
	return c, nil
}

// strangers are the programs in recordings that are not the one that is looked for.
type strangers struct{ names, archs []string }

func (s *strangers) add(u *usage.Usage) {
	s.names, s.archs = append(s.names, u.Binary), append(s.archs, u.Arch)
}

// none says that there is nothing to compare, and what there is.
func (s *strangers) none(predicted *usage.Usage, f *compareFlags) error {
	where := strings.Join(f.files, ", ")
	sort := func(list []string) string { slices.Sort(list); return strings.Join(slices.Compact(list), ", ") }
	if !slices.Contains(s.archs, predicted.Arch) {
		return fmt.Errorf("%s: the recordings are of %s, and %s is for %s", where, sort(s.archs), predicted.Binary, predicted.Arch)
	}
	return fmt.Errorf("%s: there is no recording of this very file: they are of %s\n"+
		"Record what was built last, or count what other programs did, such as tests, as observed too: --others", where, sort(s.names))
}

// readUsages has each usage of a file, one after the other, looked at.
func readUsages(name string, look func(*usage.Usage) error) error {
	file, err := os.Open(name)
	if err != nil {
		return unreadable(name, err)
	}
	defer file.Close()
	d := usage.NewDecoder(file)
	for {
		u, err := d.Decode()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = look(u)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// hashFile returns the SHA-256 of a file, in hex.
func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
