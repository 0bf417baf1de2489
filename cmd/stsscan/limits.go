package main

import (
	"fmt"
	"log/slog"
	"os"

	"stsscan/internal/pipeline"
)

// Limits are what the system lets this process have at a time; 0: no limit is
// known.
type limits struct {
	descriptors int
	ports       int // ephemeral, for connections to one address
}

// fewestDescriptors is what a command cannot do without that uses the network. All
// others do with those that a process needs to be started.
const fewestDescriptors = 64

// mostParts is how many parts may be open, however many descriptors there are: most of
// them for their last names.
const mostParts = 1024

// check refuses a command that has too few descriptors, before it begins.
func (l limits) check(command string) error {
	switch command {
	case "scan", "demo", "lookup", "simnet":
		if n := l.descriptors; n > 0 && n < fewestDescriptors {
			return fmt.Errorf("this process may have %d files open: raise the limit (ulimit -n) to %d at least, better to 4096",
				n, fewestDescriptors)
		}
	}
	return nil
}

// systemLimits are those that are in force.
func systemLimits() limits {
	l := limits{descriptors: descriptorLimit()}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var first, last int
		if n, _ := fmt.Sscan(string(text), &first, &last); n == 2 {
			l.ports = last - first + 1
		}
	}
	return l
}

// fit lowers what config would have at a time to what there is: a want of
// descriptors or ports is no finding, so it would only cost time. Half of the
// descriptors are for surveys, each with one connection or, where mail servers are
// probed, several; a fifth is for parts, each with its chunk, its file and the log
// of its surveys; the rest is for DNS and everything else. Of the ports half are
// for surveys, if all connections go to a proxy: a port that was used rests.
func (l limits) fit(config *pipeline.Config, proxied bool, log *slog.Logger) {
	lower := func(what *int, to int, limit string, of int) {
		if *what > to {
			log.Warn("fewer surveys at a time than --surveys", "surveys", to, limit, of)
			*what = to
		}
	}
	if n := l.descriptors; n > 0 {
		each := 1
		if config.Mail.Prober != nil {
			each = pipeline.MaxProbedHosts
		}
		config.MostParts = min(max(n/16, 2), mostParts)
		lower(&config.Surveys, n/2/each, "descriptors", n)
	}
	if proxied && l.ports > 0 {
		lower(&config.Surveys, max(l.ports/2, 1), "ports", l.ports)
	}
}
