package shell

// language is what console programs say in it. Headings and state words are those of windows-tcpip.md's sources and of
// public pastes; the titles and errors of languages other than English are in part assumed. None may matter to a client.
type language struct {
	codePage     codePage // documented: the OEM code pages of the locales
	title        string   // of netstat
	heading      string   // of its columns
	states       map[uint8]string
	dynamic      [3]string // title with the transport, start and number
	excluded     [4]string // title with the transport, headings with their underline, footnote
	notFound     string    // of cmd, with the program's name
	netshUnknown string    // with the command
	regError     string
}

// stateWords are netstat's words, numbered as Microsoft numbers states (reported; French and Japanese print them too).
var stateWords = map[uint8]string{1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1",
	7: "FIN_WAIT_2", 8: "CLOSE_WAIT", 9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB", 100: "BOUND"}

// germanStates: 2, 3, 5, 7, 8, 9 and 11 are reported, the others assumed.
var germanStates = map[uint8]string{1: "GESCHLOSSEN", 2: "ABHÖREN", 3: "SYN_GESENDET", 4: "SYN_EMPFANGEN", 5: "HERGESTELLT", 6: "FIN_WARTEN_1",
	7: "FIN_WARTEN_2", 8: "SCHLIESSEN_WARTEN", 9: "SCHLIESSEND", 10: "LETZTES_ACK", 11: "WARTEND", 12: "TCB_LÖSCHEN", 100: "GEBUNDEN"}

var languages = map[string]language{
	"en": {437, "Active Connections", "Proto  Local Address          Foreign Address        State           PID", stateWords,
		[3]string{"Protocol %s Dynamic Port Range", "Start Port      ", "Number of Ports "},
		[4]string{"Protocol %s Port Exclusion Ranges", "Start Port    End Port      ", "----------    --------      ", "Administered port exclusions."},
		"'%s' is not recognized as an internal or external command,\r\noperable program or batch file.",
		"The following command was not found: %s.", "ERROR: The system was unable to find the specified registry key or value."},
	"de": {850, "Aktive Verbindungen", "Proto  Lokale Adresse         Remoteadresse          Status           PID", germanStates,
		[3]string{"Protokoll %s Dynamischer Portbereich", "Startport      ", "Anzahl von Ports "},
		[4]string{"Protokoll %s Portausschlussbereiche", "Startport     Endport       ", "----------    --------      ", "Verwaltete Portausschlüsse."},
		"Der Befehl \"%s\" ist entweder falsch geschrieben oder\r\nkonnte nicht gefunden werden.",
		"Folgender Befehl wurde nicht gefunden: %s.", "FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden."},
	"fr": {850, "Connexions actives", "Proto  Adresse locale         Adresse distante       État            PID", stateWords,
		[3]string{"Plage de ports dynamique du protocole %s", "Port de démarrage   ", "Nombre de ports     "},
		[4]string{"Plages d'exclusion de ports du protocole %s", "Port de démarrage    Port de fin    ", "-----------------    -----------    ", "Exclusions de ports administrés."},
		"'%s' n'est pas reconnu en tant que commande interne\r\nou externe, un programme exécutable ou un fichier de commandes.",
		"La commande suivante est introuvable : %s.", "ERREUR : le système n'a pas trouvé la clé ou la valeur de Registre spécifiée."},
	"ja": {932, "アクティブな接続", "プロトコル  ローカル アドレス          外部アドレス        状態            PID", stateWords,
		[3]string{"プロトコル %s の動的ポートの範囲", "開始ポート      ", "ポート数        "},
		[4]string{"プロトコル %s ポート除外範囲", "開始ポート    終了ポート      ", "----------    --------      ", "管理されたポート除外。"},
		"'%s' は、内部コマンドまたは外部コマンド、\r\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
		"次のコマンドは見つかりませんでした: %s。", "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。"},
}
