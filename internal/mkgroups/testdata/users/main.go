// Who runs the program, and the users and groups that the files in /etc have.
package main

import (
	"os"
	"os/user"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	me, err := user.Current()
	check(err)
	_, err = me.GroupIds()
	check(err)
	_, err = user.Lookup("root")
	check(err)
	_, err = user.LookupId("0")
	check(err)
	_, err = user.LookupGroup("root")
	check(err)
	_, err = user.LookupGroupId("0")
	check(err)
	_, _, _, _ = os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid()
	_, err = os.Getgroups()
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
