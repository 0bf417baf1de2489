package domains

import (
	_ "embed"
	"math/bits"
	"strings"
)

//go:generate go run suffixgen.go

// suffixRules are the rules of the public suffix list, one a line.
//
//go:embed suffixes.txt
var suffixRules string

// Suffixes are the public suffix list (publicsuffix.org), as it stands in
// golang.org/x/net/publicsuffix. They say the same as that package, which is
// asked about each domain and looks for an IP address first, searches
// thousands of labels and makes up an error. They do not change, and are safe
// for concurrent use.
type Suffixes struct {
	nodes []suffixNode // the first one is none
	slots []uint16     // index of a node, by hash; 0: free
}

// A suffixNode is a name that has a rule, or has names with rules below it.
type suffixNode struct {
	begin uint32 // of the name in suffixRules
	size  uint8  // octets
	kinds suffixKind
}

type suffixKind uint8

const (
	suffixRule      suffixKind = 1 << iota // it is a public suffix
	suffixException                        // it is not, though a wildcard says so
	suffixWildcard                         // all names right below it are
	suffixParent                           // there are nodes below it
)

// suffixBits make the table so large that two slots of three are free: most
// domains are looked for in vain.
const suffixBits = 15

// NewSuffixes takes some milliseconds: there should be one for a program.
func NewSuffixes() *Suffixes {
	s := &Suffixes{nodes: make([]suffixNode, 1, 1<<14), slots: make([]uint16, 1<<suffixBits)}
	for begin := 0; begin < len(suffixRules); {
		rule := suffixRules[begin:]
		rule = rule[:strings.IndexByte(rule, '\n')]
		if rule[0] != '#' {
			s.add(begin, rule)
		}
		begin += len(rule) + 1
	}
	return s
}

// add puts a rule in, and nodes for the names that it is below.
func (s *Suffixes) add(begin int, rule string) {
	end, kind := begin+len(rule), suffixRule
	if name, ok := strings.CutPrefix(rule, "!"); ok {
		rule, kind = name, suffixException
	} else if name, ok := strings.CutPrefix(rule, "*."); ok {
		rule, kind = name, suffixWildcard
	}
	for {
		hash := uint32(0)
		for i := len(rule) - 1; i >= 0; i-- {
			hash = hashOctet(hash, rule[i])
		}
		node := s.find(hash, rule)
		if *node == 0 {
			*node = uint16(len(s.nodes))
			s.nodes = append(s.nodes, suffixNode{begin: uint32(end - len(rule)), size: uint8(len(rule))})
		}
		s.nodes[*node].kinds |= kind
		_, parent, ok := strings.Cut(rule, ".")
		if !ok {
			return
		}
		rule, kind = parent, suffixParent
	}
}

// find finds the slot of a name, which is free where it has no node.
func (s *Suffixes) find(hash uint32, name string) *uint16 {
	i := hash * 0x9e3779b1 >> (32 - suffixBits) // Fibonacci hashing: the high bits depend on all
	for ; s.slots[i] != 0; i = (i + 1) % (1 << suffixBits) {
		node := s.nodes[s.slots[i]]
		if int(node.size) == len(name) && suffixRules[node.begin:node.begin+uint32(node.size)] == name {
			break
		}
	}
	return &s.slots[i]
}

// hashOctet goes on with a hash, to the left. It is a weak one, as no octet
// should take longer than to look at it: names are compared in the end.
func hashOctet(hash uint32, c byte) uint32 { return bits.RotateLeft32(hash, 5) ^ uint32(c) }

// Registered is the public suffix of a domain, as [Normalize] returns it, and
// the one label before it; "" where the domain is itself a public suffix. It
// does not allocate.
func (s *Suffixes) Registered(domain string) string {
	suffix := -1 // where it begins
	last, hash := suffixParent, uint32(0)
	begin := len(domain) + 1 // of the label that was looked at
	for begin > 0 && last&(suffixParent|suffixWildcard) != 0 {
		end := begin - 1
		for begin = end; begin > 0 && domain[begin-1] != '.'; begin-- {
			hash = hashOctet(hash, domain[begin-1])
		}
		if last&suffixWildcard != 0 {
			suffix = begin
		}
		node := *s.find(hash, domain[begin:])
		if node == 0 {
			if suffix == end+1 { // as it is with most domains
				return domain[begin:]
			}
			break
		}
		last = s.nodes[node].kinds
		if last&suffixException != 0 {
			suffix = end + 1
			break
		}
		if last&suffixRule != 0 {
			suffix = begin
		}
		hash = hashOctet(hash, '.')
	}
	if suffix < 0 {
		suffix = labelBegin(domain, len(domain)) // of what has no rule, the last label
	}
	if suffix == 0 {
		return ""
	}
	return domain[labelBegin(domain, suffix-1):]
}

// labelBegin is where the label begins that ends before end.
func labelBegin(domain string, end int) int {
	for end > 0 && domain[end-1] != '.' {
		end--
	}
	return end
}
