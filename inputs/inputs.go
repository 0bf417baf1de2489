// Package inputs holds small real lists of domains to try the scanner on, and
// the one that the demonstration uses. README.md says where they come from.
package inputs

import _ "embed" // for the list

//go:embed mail-providers.txt
var mailProviders string

// MailProviders is the list of mail providers, one domain a line, with comments that begin with #.
func MailProviders() []byte { return []byte(mailProviders) }
