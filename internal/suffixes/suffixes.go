// Package suffixes finds the registered domain of a name by the public suffix list (publicsuffix.org).
//
// A [List] says what golang.org/x/net/publicsuffix says, whose rules it has. That package looks for an IP
// address first, searches thousands of labels and makes up an error, which is too slow for each name of a
// survey. Whether a rule is of the ICANN part of the list only x/net/publicsuffix knows.
package suffixes

import (
	_ "embed"
	"math/bits"
	"strings"
)

//go:generate go run generate.go

// rules are those of the public suffix list, one a line.
//
//go:embed suffixes.txt
var rules string

// A List is the public suffix list. It does not change, and is safe for concurrent use.
type List struct {
	nodes []node   // the first one is none
	slots []uint16 // index of a node, by hash; 0: free
}

// A node is a name that has a rule, or has names with rules below it.
type node struct {
	begin uint32 // of the name in rules
	size  uint8  // octets
	kinds kind
}

type kind uint8

const (
	suffix    kind = 1 << iota // it is a public suffix
	exception                  // it is not, though a wildcard says so
	wildcard                   // all names right below it are
	parent                     // there are nodes below it
)

// slotBits make the table so large that two slots of three are free: most domains are looked for in vain.
const slotBits = 15

// NewList makes the List, which takes a millisecond and 200 KB: a program needs one.
func NewList() *List {
	l := &List{nodes: make([]node, 1, 1<<14), slots: make([]uint16, 1<<slotBits)}
	for begin := 0; begin < len(rules); {
		rule := rules[begin:]
		rule = rule[:strings.IndexByte(rule, '\n')]
		if rule[0] != '#' {
			l.add(begin, rule)
		}
		begin += len(rule) + 1
	}
	return l
}

// add puts a rule in, and nodes for the names that it is below.
func (l *List) add(begin int, rule string) {
	end, k := begin+len(rule), suffix
	if name, ok := strings.CutPrefix(rule, "!"); ok {
		rule, k = name, exception
	} else if name, ok := strings.CutPrefix(rule, "*."); ok {
		rule, k = name, wildcard
	}
	for {
		hash := uint32(0)
		for i := len(rule) - 1; i >= 0; i-- {
			hash = hashOctet(hash, rule[i])
		}
		slot := l.find(hash, rule)
		if *slot == 0 {
			*slot = uint16(len(l.nodes))
			l.nodes = append(l.nodes, node{begin: uint32(end - len(rule)), size: uint8(len(rule))})
		}
		l.nodes[*slot].kinds |= k
		_, above, ok := strings.Cut(rule, ".")
		if !ok {
			return
		}
		rule, k = above, parent
	}
}

// find finds the slot of a name, which is free where the name has no node.
func (l *List) find(hash uint32, name string) *uint16 {
	i := hash * 0x9e3779b1 >> (32 - slotBits) // Fibonacci hashing: the high bits depend on all
	for ; l.slots[i] != 0; i = (i + 1) % (1 << slotBits) {
		n := l.nodes[l.slots[i]]
		if int(n.size) == len(name) && rules[n.begin:n.begin+uint32(n.size)] == name {
			break
		}
	}
	return &l.slots[i]
}

// hashOctet adds an octet to a hash, from right to left. The hash is weak, since it must cost no more than a
// look at the octet: names are compared in the end.
func hashOctet(hash uint32, c byte) uint32 { return bits.RotateLeft32(hash, 5) ^ uint32(c) }

// RegisteredDomain is the public suffix of a domain and the one label before it; "" where the domain is itself
// a public suffix. The domain is in A-labels, in lower case, without the final dot. It does not allocate.
func (l *List) RegisteredDomain(domain string) string {
	begins := -1 // where the suffix begins
	last, hash := parent, uint32(0)
	begin := len(domain) + 1 // of the label that was looked at
	for begin > 0 && last&(parent|wildcard) != 0 {
		end := begin - 1
		for begin = end; begin > 0 && domain[begin-1] != '.'; begin-- {
			hash = hashOctet(hash, domain[begin-1])
		}
		if last&wildcard != 0 {
			begins = begin
		}
		i := *l.find(hash, domain[begin:])
		if i == 0 {
			if begins == end+1 { // as it is with most domains
				return domain[begin:]
			}
			break
		}
		last = l.nodes[i].kinds
		if last&exception != 0 {
			begins = end + 1
			break
		}
		if last&suffix != 0 {
			begins = begin
		}
		hash = hashOctet(hash, '.')
	}
	if begins < 0 {
		begins = labelBegin(domain, len(domain)) // without a rule, the last label
	}
	if begins == 0 {
		return ""
	}
	return domain[labelBegin(domain, begins-1):]
}

// labelBegin is where the label begins that ends before end.
func labelBegin(domain string, end int) int {
	for end > 0 && domain[end-1] != '.' {
		end--
	}
	return end
}
