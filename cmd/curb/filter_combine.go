package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/replace"
	"github.com/gocurb/curb/syscalls"
)

// A combination is a command that makes a policy of two.
type combination struct {
	name, short string
	of          func([]*syscalls.Table, filter.Policy, filter.Policy) (filter.Policy, error)
}

var combinations = []combination{
	{"merge", "write the policy that allows what one of two allows", filter.Union},
	{"intersect", "write the policy that allows what both of two allow", filter.Intersection},
	{"subtract", "write the policy that allows what the first allows and the second does not", filter.Subtract},
}

func newFilterCombine(c combination) *cobra.Command {
	var (
		flags policyFlags
		out   string
	)
	cmd := &cobra.Command{
		Use:   c.name + " POLICY POLICY [-o FILE]",
		Short: c.short,
		Long: fmt.Sprintf(`%s the result as a seccomp profile in the OCI's form, for the architectures of
the first POLICY or those of --arch. It is exact: where conditions overlap they are
taken apart.`, "W"+c.short[1:]+".\n\nIt writes"),
		Args: needsFiles(2, "two POLICIES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, b, tables, err := flags.readTwo(cmd, args)
			if err != nil {
				return err
			}
			if a.Policy, err = c.of(tables, a.Policy, b.Policy); err != nil {
				return err
			}
			text, err := a.JSON()
			if err != nil {
				return err
			}
			if out != "" {
				return replace.File(out, text)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write (default: standard output)")
	return cmd
}

func newFilterCompare() *cobra.Command {
	var (
		flags  policyFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "compare POLICY POLICY",
		Short: "say how two policies differ",
		Long: `Compare prints the system calls that one policy lets pass and the other does not,
and under which conditions, with what each does. It ends with status 1 if they
differ.`,
		Args: needsFiles(2, "two POLICIES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, b, tables, err := flags.readTwo(cmd, args)
			if err != nil {
				return err
			}
			diff, err := filter.Compare(tables, a.Policy, b.Policy)
			if err != nil {
				return err
			}
			text := func(w io.Writer) error {
				_, err := io.WriteString(w, diff.String())
				return err
			}
			if err := printResult(cmd.OutOrStdout(), asJSON, comparison(diff), text); err != nil {
				return err
			}
			if !diff.Same() {
				return &exitError{code: exitNo}
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// comparison is a comparison as JSON has it.
func comparison(c *filter.Comparison) any {
	type difference struct {
		Syscall string    `json:"syscall"`
		When    string    `json:"when"`
		First   string    `json:"first"`
		Second  string    `json:"second"`
		Archs   []string  `json:"archs"`
		Example [6]uint64 `json:"example"`
	}
	list := []difference{}
	for _, d := range c.Differences {
		list = append(list, difference{d.Syscall, d.String(), d.Actions[0].String(), d.Actions[1].String(), d.Archs, d.Example})
	}
	return struct {
		Same        bool         `json:"same"`
		Defaults    [2]string    `json:"defaults"`
		Differences []difference `json:"differences"`
	}{c.Same(), [2]string{c.Defaults[0].String(), c.Defaults[1].String()}, list}
}
