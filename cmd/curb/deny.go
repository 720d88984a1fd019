package main

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/usage"
)

// A deny is the value of --deny: what happens to the calls that are not allowed.
type deny string

var denials = map[deny]filter.Action{
	"errno": filter.Errno(syscall.EPERM),
	"trap":  filter.Trap,
	"kill":  filter.KillProcess,
	"log":   filter.Log,
}

func (d *deny) String() string { return string(*d) }
func (d *deny) Type() string   { return "ACTION" }

func (d *deny) Set(s string) error {
	if _, ok := denials[deny(s)]; !ok {
		return fmt.Errorf("it takes errno, trap, kill or log")
	}
	*d = deny(s)
	return nil
}

// A conditions is the value of --arguments: which calls the policy has conditions for.
type conditions permit.Conditions

func (c *conditions) String() string { return string(*c) }
func (c *conditions) Type() string   { return "WHICH" }

func (c *conditions) Set(s string) error {
	switch is := permit.Conditions(s); is {
	case permit.Some, permit.All, permit.None:
		*c = conditions(is)
		return nil
	}
	return fmt.Errorf("it takes some, all or none")
}

// allowances are the flags that say what a program may do.
type allowances struct {
	deny      deny
	allow     []string
	arguments conditions
	recorded  recordedFlags
}

func (a *allowances) add(cmd *cobra.Command) {
	a.deny, a.arguments = "errno", conditions(permit.Some)
	cmd.Flags().Var(&a.deny, "deny", "what happens to all other calls: errno (they fail), trap (a Go program ends with a trace\nof the code that made the call: for tests), kill, or log (they are let through)")
	cmd.Flags().StringSliceVar(&a.allow, "allow", nil, "allow these `NAMES` as well, whatever their arguments, and go on where the calls of some code\ncould not be told")
	cmd.Flags().Var(&a.arguments, "arguments", "of which calls the arguments are checked: some (where it protects something), all (wherever\ntheir values are known: slower), or none")
	a.recorded.add(cmd)
}

// policy allows what a usage holds, and what the flags add.
func (a *allowances) policy(u *usage.Usage) (filter.Policy, error) {
	if len(u.Unresolved) > 0 && len(a.allow) == 0 && len(a.recorded.union) == 0 {
		var b strings.Builder
		for _, p := range u.Unresolved {
			fmt.Fprintf(&b, "\n  %s %s: %s", p.Function, p.Place(), p.Reason)
		}
		return filter.Policy{}, &exitError{exitUndecided, fmt.Errorf("%s: the system calls of some code could not be told:%s\nIf you know them, name them with --allow, also those whose arguments the rest of the program bounds", u.Binary, b.String())}
	}
	return permit.Policy(u, permit.Options{Default: denials[a.deny], Allow: a.allow, Conditions: permit.Conditions(a.arguments)})
}
