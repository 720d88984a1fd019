// The network interfaces of the machine and their addresses.
package main

import (
	"net"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	all, err := net.Interfaces()
	check(err)
	for _, i := range all {
		_, err := i.Addrs()
		check(err)
		_, err = i.MulticastAddrs()
		check(err)
		_, err = net.InterfaceByName(i.Name)
		check(err)
	}
	_, err = net.InterfaceAddrs()
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
