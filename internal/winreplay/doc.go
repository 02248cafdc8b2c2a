// Package winreplay answers WQL enumerations with recorded replies of real Windows
// services, request by request, and knows nothing else. It stands apart from package
// winsim: nothing here was made up, so it can't flatter the client.
//
// A folder of recordings holds CLASS_star_NNN.xml, which answer `SELECT * FROM CLASS`,
// and CLASS_all_NNN.xml, which answer a SELECT that names columns: 000 answers the
// Enumerate, 001 the Pull with 000's context, and so on. Of a recorded reply only the
// content of RelatesTo is rewritten.
package winreplay
