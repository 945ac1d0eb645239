// Package scrub takes what tells of somebody's vCenter out of a SOAP page of events: names of users, hosts, machines and
// networks, addresses, paths, messages. What is left is what a reader of events depends on: the elements and how they
// nest, the classes, the ids of event types, keys, times, and how long each text was.
//
// It keeps what is on a list (allow.go), and only where the text also has the form that the list asks for. Anything else
// becomes a placeholder, whatever its element is called: an element that nobody has thought of is replaced, never shown.
//
// What it guarantees:
//
//   - The page that comes out has the same elements in the same order as the one that went in. Comments, processing
//     instructions and CDATA markers are dropped.
//   - The same text gives the same placeholder as long as the Scrubber lives, and different texts different ones.
//   - A placeholder of a text is as long as the text in bytes of UTF-8, or a letter longer where all short ones are given
//     out. A number becomes one of as many digits, and 0 if it has three or fewer; a time becomes another time; true and
//     false stay what they are.
//   - Nobody can try out which text a placeholder stands for: it depends on a random value that is in no file.
//   - A page that it does not understand to the last byte is an error and no output.
package scrub
