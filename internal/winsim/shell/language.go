package shell

import (
	"bytes"
	"strconv"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// language is what console programs say in it: headings and state words as in public pastes, the rest of the languages
// other than English in part assumed. None of it may matter to a client.
type language struct {
	page                            codePage // the OEM code page (documented)
	title, heading                  string   // of netstat
	states                          map[uint8]string
	dynamic, excluded, administered string // netsh's; %s is the transport, the numbers are start and count
	noProgram, noCommand, noValue   string // errors of cmd.exe, netsh and reg
	ok, elevation, parameter        string // what netsh says of sets
	syntax, inUse                   string
}

// Numbered as Microsoft numbers states. French and Japanese consoles print the English words (reported).
var (
	states = map[uint8]string{1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1",
		7: "FIN_WAIT_2", 8: "CLOSE_WAIT", 9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB"}
	germanStates = map[uint8]string{1: "GESCHLOSSEN", 2: "ABHÖREN", 3: "SYN_GESENDET", 4: "SYN_EMPFANGEN", 5: "HERGESTELLT", 6: "FIN_WARTEN_1",
		7: "FIN_WARTEN_2", 8: "SCHLIESSEN_WARTEN", 9: "SCHLIESSEND", 10: "LETZTES_ACK", 11: "WARTEND", 12: "TCB_LÖSCHEN"} // 1, 4, 6, 10, 12 assumed
)

const line = "---------------------------------\r\n"

var languages = map[string]language{
	"en": {437, "Active Connections", "Proto  Local Address          Foreign Address        State           PID", states,
		"Protocol %s Dynamic Port Range\r\n" + line + "Start Port      : %d\r\nNumber of Ports : %d",
		"Protocol %s Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n----------    --------      ", "Administered port exclusions.",
		"'%s' is not recognized as an internal or external command,\r\noperable program or batch file.",
		"The following command was not found: %s.", "ERROR: The system was unable to find the specified registry key or value.",
		"Ok.", "The requested operation requires elevation (Run as administrator).", "The parameter is incorrect.", "The syntax supplied for this command is not valid. Check help for the correct syntax.\r\n\r\nUsage:",
		"The process cannot access the file because it is being used by another process."},
	"de": {850, "Aktive Verbindungen", "Proto  Lokale Adresse         Remoteadresse          Status           PID", germanStates,
		"Protokoll %s Dynamischer Portbereich\r\n" + line + "Startport      : %d\r\nAnzahl von Ports : %d",
		"Protokoll %s Portausschlussbereiche\r\n\r\nStartport     Endport       \r\n----------    --------      ", "Verwaltete Portausschlüsse.",
		"Der Befehl \"%s\" ist entweder falsch geschrieben oder\r\nkonnte nicht gefunden werden.",
		"Folgender Befehl wurde nicht gefunden: %s.", "FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
		"OK.", "Der angeforderte Vorgang erfordert erhöhte Rechte (Als Administrator ausführen).", "Falscher Parameter.", "Die angegebene Syntax ist für diesen Befehl nicht zulässig. Die korrekte Syntax steht in der Hilfe.\r\n\r\nSyntax:",
		"Der Prozess kann nicht auf die Datei zugreifen, da sie von einem anderen Prozess verwendet wird."},
	"fr": {850, "Connexions actives", "Proto  Adresse locale         Adresse distante       État            PID", states,
		"Plage de ports dynamique du protocole %s\r\n" + line + "Port de démarrage   : %d\r\nNombre de ports     : %d",
		"Plages d'exclusion de ports du protocole %s\r\n\r\nPort de démarrage    Port de fin    \r\n-----------------    -----------    ", "Exclusions de ports administrés.",
		"'%s' n'est pas reconnu en tant que commande interne\r\nou externe, un programme exécutable ou un fichier de commandes.",
		"La commande suivante est introuvable : %s.", "ERREUR : le système n'a pas trouvé la clé ou la valeur de Registre spécifiée.",
		"Ok.", "L’opération demandée nécessite une élévation (Exécuter en tant qu’administrateur).", "Paramètre incorrect.", "La syntaxe fournie pour cette commande n'est pas valide. Consultez l'aide.\r\n\r\nSyntaxe :",
		"Le processus ne peut pas accéder au fichier car ce fichier est utilisé par un autre processus."},
	"ja": {932, "アクティブな接続", "プロトコル  ローカル アドレス          外部アドレス        状態            PID", states,
		"プロトコル %s の動的ポートの範囲\r\n" + line + "開始ポート      : %d\r\nポート数        : %d",
		"プロトコル %s ポート除外範囲\r\n\r\n開始ポート    終了ポート      \r\n----------    --------      ", "管理されたポート除外。",
		"'%s' は、内部コマンドまたは外部コマンド、\r\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
		"次のコマンドは見つかりませんでした: %s。", "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。",
		"OK", "要求された操作には管理者特権が必要です (管理者として実行してください)。", "パラメーターが間違っています。", "このコマンドに指定した構文は正しくありません。正しい構文についてはヘルプを確認してください。\r\n\r\n使用法:",
		"プロセスはファイルにアクセスできません。別のプロセスが使用中です。"},
}

// codePage is how a console writes its text.
type codePage int

const utf8Page codePage = 65001

var encodings = map[codePage]encoding.Encoding{
	437: charmap.CodePage437, 850: charmap.CodePage850, 932: japanese.ShiftJIS, 1252: charmap.Windows1252, utf8Page: encoding.Nop,
}

// pageFor is the code page of a shell whose client asks for that one. Where 65001 is not honoured, which it never is before
// 2008 R2 (reported) and later by seed, the machine's own rules. ok is false for a code page that there is not.
func (m *Machine) pageFor(asked string) (page codePage, ok bool) {
	own := languages[m.Language].page
	number, err := strconv.Atoi(asked)
	page = codePage(number)
	switch _, known := encodings[page]; {
	case asked == "" || page == utf8Page && (m.Profile.Build < 7600 || !m.Shape.ShellUTF8):
		return own, true
	default:
		return page, known && err == nil
	}
}

// encode writes text; what the code page lacks becomes a question mark (reported).
func (p codePage) encode(text []byte) []byte {
	out, _ := encoding.ReplaceUnsupported(encodings[p].NewEncoder()).Bytes(text) // replaces whatever could fail
	return bytes.ReplaceAll(out, []byte{encoding.ASCIISub}, []byte{'?'})
}
