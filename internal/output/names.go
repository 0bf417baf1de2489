package output

import "strings"

// recordLabel is what the name of the question has before the domain (RFC 8461, section 3.1).
const recordLabel = "_mta-sts."

// RegisteredDomain is the name whose labels the column registered_labels counts; "" for NULL.
func (r *Row) RegisteredDomain() string {
	if r.RegisteredLabels == nil {
		return ""
	}
	return lastLabels(r.Domain, *r.RegisteredLabels)
}

// SetRegisteredDomain sets the column registered_labels; the domain is set, and ends with name. "" is NULL.
func (r *Row) SetRegisteredDomain(name string) {
	r.RegisteredLabels = nil
	if name != "" {
		r.RegisteredLabels = new(countLabels(name))
	}
}

// ZoneName is the owner of the SOA in a negative answer, "." for the root, whichever of the columns zone and
// zone_labels has it; "" where both are NULL.
func (r *Row) ZoneName() string {
	if r.ZoneLabels == nil {
		return r.Zone
	}
	return lastLabels(recordLabel+r.Domain, *r.ZoneLabels)
}

// SetZoneName sets the columns zone and zone_labels; the domain is set.
func (r *Row) SetZoneName(zone string) {
	r.Zone, r.ZoneLabels = zone, nil
	if labels, ok := ZoneLabels(zone, r.Domain); ok {
		r.Zone, r.ZoneLabels = "", &labels
	}
}

// nameOf gives the name that a tag "name" of [Row] is about; nil: no tag is.
func nameOf(column string) func(*Row) string {
	switch column {
	case "registered_domain":
		return (*Row).RegisteredDomain
	case "zone":
		return (*Row).ZoneName
	}
	return nil
}

// ZoneLabels counts the labels of a zone, 0 for the root. ok is false where the zone is no suffix of
// _mta-sts.<domain>.
func ZoneLabels(zone, domain string) (labels int32, ok bool) {
	switch above := len(domain) - len(zone); {
	case zone == ".":
		return 0, true
	case zone == "":
		return 0, false
	case above > 0:
		ok = domain[above-1] == '.' && domain[above:] == zone
	case above == 0:
		ok = domain == zone
	default:
		ok = strings.HasPrefix(zone, recordLabel) && zone[len(recordLabel):] == domain
	}
	return countLabels(zone), ok
}

func countLabels(name string) int32 { return int32(strings.Count(name, ".")) + 1 }

// lastLabels is the end of a name that has so many labels, the whole name where it has fewer. None are the root.
func lastLabels(name string, labels int32) string {
	if labels <= 0 {
		return "."
	}
	begin := len(name) + 1
	for ; labels > 0 && begin > 0; labels-- {
		begin = strings.LastIndexByte(name[:begin-1], '.') + 1
	}
	return name[begin:]
}
