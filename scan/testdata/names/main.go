// Names looks names up through the C library: of a host, a port, a user and a group.
package main

import (
	"fmt"
	"net"
	"os"
	"os/user"
)

func main() {
	hosts, err := net.LookupHost("localhost")
	check(err)
	port, err := net.LookupPort("tcp", "http")
	check(err)
	u, err := user.Lookup("root")
	check(err)
	groups, err := u.GroupIds()
	check(err)
	fmt.Println(len(hosts) > 0, port, u.Uid, len(groups) > 0)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
