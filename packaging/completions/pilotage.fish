# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_pilotage_global_optspecs
    string join \n h/help V/version
end

function __fish_pilotage_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_pilotage_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_pilotage_using_subcommand
    set -l cmd (__fish_pilotage_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c pilotage -n "__fish_pilotage_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pilotage -n "__fish_pilotage_needs_command" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "up" -d 'Start server, factory and a local queue in one process, for one machine'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "demo" -d 'Run real work through the whole chain in a temporary directory'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "submit" -d 'Submit a command, a script, an array or a file of jobs'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "jobs" -d 'List or count jobs'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "job" -d 'Show everything about one job'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "logs" -d 'Show or follow the output of a job'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "wait" -d 'Wait until jobs have ended'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "kill" -d 'Stop jobs, wherever they are'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "retry" -d 'Run ended jobs again'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "top" -d 'Watch jobs, pilots and throughput live'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "queues" -d 'List queues, or set the status of one'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "pilots" -d 'List pilots, drain or kill some, search their logs, show how they ended'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "decisions" -d 'Show why pilots were submitted, or not'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "factories" -d 'List factories and their labels, or have one run a cycle or read its configuration'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "labels" -d 'Show how labels are doing: their pilots, the longest wait, the longest run'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "alarms" -d 'Show what is broken; acknowledge, comment or silence alarms'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "nodes" -d 'Show worker nodes and what happened there, black holes first'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "find" -d 'Find anything by an id, a batch id, a node, a name or a part of one'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "programs" -d 'List, upload or remove pilot programs and wrappers that nodes download from the server'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "token" -d 'Create, list and revoke tokens'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "doctor" -d 'Check this machine and the server, and say what is wrong'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "backup" -d 'Copy a server\'s store while it works'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "restore" -d 'Put a copy of a store into the directory of a stopped server'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "server" -d 'Run the server: dispatcher, monitor, pages, all interfaces'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "factory" -d 'Run, check or explain a factory, which submits pilots to batch systems'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "pilot" -d 'Run a pilot on this machine'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "man" -d 'Write the man pages, or the command reference'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "generate" -d 'Write everything that is made from the program and checked in'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "demo-tile" -d 'The payload of the demo\'s image jobs'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "demo-assemble" -d 'The payload of the demo\'s last job'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "demo-memory" -d 'The payload of the demo\'s job that asks for too little memory'
complete -c pilotage -n "__fish_pilotage_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l dir -d 'Directory for everything that is kept [default: $XDG_DATA_HOME/pilotage]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l listen -d 'Address to serve on; port 0 takes a free one. Off loopback TLS is used [default: 127.0.0.1:25080 or a free port]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l slots -d 'Jobs at once in local pilots; 0 for no local queue [default: the number of cores]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l compat -d 'Also speak the languages of other systems, on loopback without credential; several with commas between' -r -f -a "panda\t'PanDA: its pilots and clients'
apfmon\t'The APF monitor: AutoPyFactory, wrappers and Harvester report their pilots'"
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l config -d 'File with further batch systems, queues and labels, such as Slurm' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l database -d 'PostgreSQL instead of SQLite: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l grace -d 'How long running jobs may go on after the first TERM or Ctrl-C' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -l detach -d 'Return once it serves and leave it running'
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pilotage -n "__fish_pilotage_using_subcommand up" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -l output -d 'Where the image goes' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -l slots -d 'Jobs at once in each of the two local queues [default: half of the cores, at least 1]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -l listen -d 'Address to serve on' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -l keep -d 'Leave server and page running when the demo is over, until Ctrl-C'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l from -d 'File with one job a line as JSON; - is standard input' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l name -d 'Name for people [default: the file name of the command]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l array -d 'How many equal jobs, 1 to 1000000' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s q -l queue -d 'Run in this queue only' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l site -d 'Run at this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l tag -d 'Run in a queue with this tag; several must all fit' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l group -d 'Group or VO that the work is for' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s c -l cores -d 'Cores [default: 1]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s m -l memory -d 'Memory limit of the whole process tree, such as 512M or 2G' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s t -l time -d 'Wall time limit, such as 90s, 30m, 2h or 1:30:00' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s p -l priority -d 'Higher runs earlier among your own jobs [default: 0]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s e -l env -d 'Variable for the job; without a value this shell\'s own is taken' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s i -l input -d 'File brought to the job: NAME=PATH, NAME=URL, or a path or URL whose file name is used' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s o -l output -d 'File taken from the job: NAME is kept by the server, NAME=PATH or NAME=URL goes there' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l max-attempts -d 'How often the command may fail before the job has failed [default: 1]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l idempotency-key -d 'Makes a repeat harmless: the same key gets the first answer again' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l wait -d 'Wait until everything has ended; exit 1 if not all finished'
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand submit" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s s -l state -d 'Only this state' -r -f -a "defined\t''
activated\t''
sent\t''
starting\t''
running\t''
holding\t''
transferring\t''
finished\t''
failed\t''
cancelled\t''
closed\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l ids -d 'Only these ids, such as 17-1016,2000' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l site -d 'Only this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s u -l user -d 'Only this user' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l group -d 'Only this group' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l pilot -d 'Only jobs of this pilot' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l error-class -d 'Only this class of error' -r -f -a "payload\t''
start\t''
memory\t''
wall-time\t''
disk\t''
stage-in\t''
stage-out\t''
killed\t''
lost\t''
evicted\t''
node\t''
batch\t''
internal\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l name -d 'Only this exact name' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s n -l limit -d 'Rows wanted [default: 20 for people, 100 for programs]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l cursor -d 'Go on where an earlier listing ended: its `next`' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l count -d 'Print how many there are in each state instead of a list'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l all -d 'All pages'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s l -l long -d 'More columns: group and message'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand jobs" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -l fetch -d 'Save an output file that the server keeps: NAME, or NAME=PATH' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand job" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -s n -l tail -d 'Only the last lines' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -l attempt -d 'Which attempt [default: the last]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -l stderr -d 'Standard error instead of standard output'
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -s f -l follow -d 'Go on while the job writes'
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand logs" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -l timeout -d 'Give up after so many seconds, with exit code 124' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -l all -d 'All jobs of the caller'
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand wait" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand kill" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand kill" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand kill" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand kill" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand kill" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand retry" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand retry" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand retry" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand retry" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand retry" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -l interval -d 'Seconds between two looks' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -l once -d 'Print one look and stop, also without a terminal'
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand top" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -f -a "set" -d 'Set the status of a queue'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -f -a "define" -d 'Create a queue, or change all of its settings but the status'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and not __fish_seen_subcommand_from set define help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from set" -l reason -d 'Why, for those who ask later' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from set" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from set" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l site -d 'Computing centre it belongs to [default: the name of the queue]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l region -d 'Group of sites' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l tag -d 'Word that jobs select by; may be given several times' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l status -d 'Status of a new queue; that of an old one is changed by `queues set`' -r -f -a "online\t''
offline\t''
test\t''
brokeroff\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l max-cores -d 'Most cores a job may ask for; 0 for no limit' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l max-memory -d 'Most memory a job may ask for' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l max-time -d 'Longest wall time a job may ask for' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from define" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from help" -f -a "set" -d 'Set the status of a queue'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from help" -f -a "define" -d 'Create a queue, or change all of its settings but the status'
complete -c pilotage -n "__fish_pilotage_using_subcommand queues; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -s s -l state -d 'Only this state' -r -f -a "announced\t''
submitted\t''
pending\t''
running\t''
exiting\t''
done\t''
fault\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l older-than -d 'Only pilots that have waited, or run, for longer, and are not gone, such as 8d' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -s n -l limit -d 'Rows wanted [default: 20 for people, 100 for programs]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l cursor -d 'Go on where an earlier listing ended: its `next`' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l live -d 'Only pilots that are not gone'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l all -d 'All pages'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "drain" -d 'Let pilots finish what they run, take nothing more, and end'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "kill" -d 'Take pilots out of their batch systems, whatever they run'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "search" -d 'Find pilots by a text in their logs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "show" -d 'Show one pilot, and what it found on its node'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "ends" -d 'Show how pilots ended in the last hours: classes of error by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "errors" -d 'Show why pilots broke in the last hours: what their last words have in common'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "efficiency" -d 'Show what the cores of pilots were used for that ended in the last hours, by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "events" -d 'Show what was said about pilots, by whom, and what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "history" -d 'Show what happened to pilots, how many there were, and how long they waited and ran'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "logs" -d 'Show what a pilot wrote, once it has ended'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and not __fish_seen_subcommand_from drain kill search show ends errors efficiency events history logs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from drain" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from drain" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from drain" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -s s -l state -d 'Only this state, at the moment when the factory does it' -r -f -a "announced\t''
submitted\t''
pending\t''
running\t''
exiting\t''
done\t''
fault\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l timeout -d 'How long to wait for the answer of each factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from kill" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l kind -d 'Only this log' -r -f -a "err\t'What the pilot says of itself, on standard error'
out\t'Standard output'
log\t'The batch system\'s own record'"
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -s s -l state -d 'Only pilots in this state' -r -f -a "announced\t''
submitted\t''
pending\t''
running\t''
exiting\t''
done\t''
fault\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l hours -d 'Only pilots that ended in so many hours' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -s n -l limit -d 'The most hits' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from search" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from show" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from show" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from show" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l hours -d 'Hours to look back, whole ones' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from ends" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l hours -d 'Hours to look back, whole ones' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l site -d 'Only queues of this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l region -d 'Only queues of this region' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -s n -l limit -d 'Rows wanted' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from errors" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l hours -d 'Hours to look back, whole ones' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l site -d 'Only queues of this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l region -d 'Only queues of this region' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from efficiency" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l after -d 'Only what came after: the `next` of an earlier answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l factory -d 'Only of this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l label -d 'Only of this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -s n -l limit -d 'The most events' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -s f -l follow -d 'Go on with what comes, one line each, until Ctrl-C'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from events" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l hours -d 'How many hours, 48 when nobody says' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l from -d 'Their beginning, such as 2026-11-22T14:00:00Z' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l until -d 'Their end, now when nobody says' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l region -d 'Only pilots that serve the queues of this region' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l site -d 'Only pilots that serve the queues of this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -s q -l queue -d 'Only pilots that serve this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l label -d 'Only this label of the factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from history" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from logs" -l kind -d 'Which of its logs' -r -f -a "err\t'What the pilot says of itself, on standard error'
out\t'Standard output'
log\t'The batch system\'s own record'"
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from logs" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from logs" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from logs" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "drain" -d 'Let pilots finish what they run, take nothing more, and end'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "kill" -d 'Take pilots out of their batch systems, whatever they run'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "search" -d 'Find pilots by a text in their logs'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one pilot, and what it found on its node'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "ends" -d 'Show how pilots ended in the last hours: classes of error by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "errors" -d 'Show why pilots broke in the last hours: what their last words have in common'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "efficiency" -d 'Show what the cores of pilots were used for that ended in the last hours, by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "events" -d 'Show what was said about pilots, by whom, and what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "history" -d 'Show what happened to pilots, how many there were, and how long they waited and ran'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "logs" -d 'Show what a pilot wrote, once it has ended'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilots; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -s n -l last -d 'How many, newest first' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -s l -l long -d 'Every step of the scheduler chain, also those that changed nothing'
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand decisions" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -l idle -d 'Also those of other software that were not heard for ten days'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "pause" -d 'Submit no more pilots of a label, of the labels of a queue, or of all; those that are there go on'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "drain" -d 'Submit no more pilots, take out those that wait, and let those that run finish'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "cap" -d 'Let at most so many pilots of a label wait and run together'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "resume" -d 'End what pause, drain and cap ordered'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "orders" -d 'List the orders in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "config" -d 'Show the configuration that a factory uses, and what changed in it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "cycle" -d 'Let a factory run a cycle now'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "test" -d 'Send one pilot of a label now, whatever its chain says, and name it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "stop" -d 'End a factory and leave its pilots as they are'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "forgive" -d 'Let a factory use nodes again that its pilots failed on'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "reload" -d 'Let a factory read its configuration and its sources again, and say what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and not __fish_seen_subcommand_from pause drain cap resume orders config cycle test stop forgive reload help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l queue -d 'All labels that serve this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l reason -d 'Why, for all who wonder' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l until -d 'When it ends by itself, such as 2026-11-22T14:00:00Z' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l for -d 'After how long it ends by itself, such as 2h' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from pause" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l queue -d 'All labels that serve this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l reason -d 'Why, for all who wonder' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l until -d 'When it ends by itself, such as 2026-11-22T14:00:00Z' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l for -d 'After how long it ends by itself, such as 2h' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from drain" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -s n -l pilots -d 'The most pilots that wait and run together' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l queue -d 'All labels that serve this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l reason -d 'Why, for all who wonder' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l until -d 'When it ends by itself, such as 2026-11-22T14:00:00Z' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l for -d 'After how long it ends by itself, such as 2h' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cap" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -l queue -d 'All labels that serve this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -l reason -d 'Why, for the history' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from resume" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -s n -l limit -d 'Rows wanted of those' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -l all -d 'Also those that have ended, newest first'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from orders" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -l limit -d 'The most changes: 50 unless said, at most 1000' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from config" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -l timeout -d 'How long to wait for the answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from cycle" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -l timeout -d 'How long to wait for the answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -l timeout -d 'How long to wait for the answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -l drain -d 'Let its pilots finish what they run first, and submit no more'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -l timeout -d 'How long to wait for the answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from forgive" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -l accept -d 'Accept what this source gives now, however many of its labels are gone' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -l timeout -d 'How long to wait for the answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from reload" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Submit no more pilots of a label, of the labels of a queue, or of all; those that are there go on'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "drain" -d 'Submit no more pilots, take out those that wait, and let those that run finish'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "cap" -d 'Let at most so many pilots of a label wait and run together'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "resume" -d 'End what pause, drain and cap ordered'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "orders" -d 'List the orders in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "config" -d 'Show the configuration that a factory uses, and what changed in it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "cycle" -d 'Let a factory run a cycle now'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send one pilot of a label now, whatever its chain says, and name it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "stop" -d 'End a factory and leave its pilots as they are'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "forgive" -d 'Let a factory use nodes again that its pilots failed on'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "reload" -d 'Let a factory read its configuration and its sources again, and say what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factories; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -s q -l queue -d 'Only this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -l factory -d 'Only this factory' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -l label -d 'Only this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand labels" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -s n -l limit -d 'Rows wanted of those that are over' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -l past -d 'Those that are over, the newest first'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "show" -d 'Show everything about one alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "ack" -d 'Say that you look after an alarm: nobody is told of it again, unless it becomes worse'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "comment" -d 'Write a comment to the history of an alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "silence" -d 'Keep quiet about one alarm, or about all that match patterns with * and ?, for a time'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "silences" -d 'List the silences in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "unsilence" -d 'End a silence'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and not __fish_seen_subcommand_from show ack comment silence silences unsilence help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from show" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from show" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from show" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from ack" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from ack" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from ack" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from comment" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from comment" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from comment" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from comment" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l alarm -d 'The alarm' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l rule -d 'Alarms of these rules' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l factory -d 'Alarms of these factories' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l label -d 'Alarms of these labels, nodes, credentials, sources or end points' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l queue -d 'Alarms of these queues' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l site -d 'Alarms of these sites' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l for -d 'For how long' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silence" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silences" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silences" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silences" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silences" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from silences" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from unsilence" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from unsilence" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from unsilence" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from unsilence" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show everything about one alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "ack" -d 'Say that you look after an alarm: nobody is told of it again, unless it becomes worse'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "comment" -d 'Write a comment to the history of an alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "silence" -d 'Keep quiet about one alarm, or about all that match patterns with * and ?, for a time'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "silences" -d 'List the silences in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "unsilence" -d 'End a silence'
complete -c pilotage -n "__fish_pilotage_using_subcommand alarms; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l hours -d 'Hours to look back, whole ones' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -s q -l queue -d 'Only pilots of this queue' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l site -d 'Only pilots of the queues of this site' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l node -d 'Only this node' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -s n -l limit -d 'Rows wanted' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l bad -d 'Only black holes: nodes on which much fails that works on others of their queue'
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand nodes" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand find" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand find" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand find" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand find" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand find" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -f -a "add" -d 'Upload a version of a program; what is in it never changes'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -f -a "remove" -d 'Remove a version of a program'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and not __fish_seen_subcommand_from add remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from add" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from add" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from add" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from remove" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from remove" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from help" -f -a "add" -d 'Upload a version of a program; what is in it never changes'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a version of a program'
complete -c pilotage -n "__fish_pilotage_using_subcommand programs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -f -a "create" -d 'Create a token; it is shown once and never again'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -f -a "list" -d 'List the tokens that are valid, without the tokens themselves'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -f -a "revoke" -d 'End a token now'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and not __fish_seen_subcommand_from create list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l role -d 'What it allows' -r -f -a "user\t''
group-manager\t''
shifter\t''
site-admin\t''
operator\t''
factory\t''
pilot\t''"
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l group -d 'Group of the user' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l site -d 'Site that a site admin may act on, or whose PanDA pilots use it; may be given several times' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'When it ends, such as 12h or 30d [default: never]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l note -d 'What it is for' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from create" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from list" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from list" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from revoke" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from revoke" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "create" -d 'Create a token; it is shown once and never again'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the tokens that are valid, without the tokens themselves'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'End a token now'
complete -c pilotage -n "__fish_pilotage_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand doctor" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand doctor" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand doctor" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand backup" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand backup" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand backup" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand backup" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand restore" -l dir -d 'Directory of the server, which must be stopped; a store that is there is set aside' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand restore" -l database -d 'Empty PostgreSQL database for the copy of one: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand restore" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand restore" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l dir -d 'Directory for everything that is kept' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l listen -d 'Address to serve on; off loopback TLS is used' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l database -d 'PostgreSQL instead of SQLite: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l compat -d 'Also speak the languages of other systems, on loopback without credential; several with commas between' -r -f -a "panda\t'PanDA: its pilots and clients'
apfmon\t'The APF monitor: AutoPyFactory, wrappers and Harvester report their pilots'"
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -l check -d 'Read the configuration, say what is wrong with it, and stop'
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pilotage -n "__fish_pilotage_using_subcommand server" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "run" -d 'Run until told to stop: TERM drains, USR1 leaves the pilots as they are, HUP reads the configuration again'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "check" -d 'Read the configuration and its sources, look at every credential, ask every batch end point, and say what is wrong'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "config" -d 'Show the configuration that counts, with the origin of each value'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "sources" -d 'Read the sources of labels and show what became of their queues'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "credentials" -d 'Show the credentials of labels: whose they are, how long they last, what is wrong with them'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "import" -d 'Turn an AutoPyFactory configuration into one of ours, and say what became of every key'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "decide" -d 'Decide on facts from a file, without a factory'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "describe" -d 'Show what would be submitted for a pilot of one label, such as its submit description, without submitting it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "dry-run" -d 'Show what a cycle would do now, with the submit description of each submission, without doing it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "explain" -d 'Say what one label would do now, step by step'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and not __fish_seen_subcommand_from run check config sources credentials import decide describe dry-run explain help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from run" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from run" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from run" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from check" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from check" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from check" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -l label -d 'Only of this label' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from config" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from sources" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from credentials" -l renew -d 'Renew this one first' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from credentials" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from credentials" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from credentials" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from credentials" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -s o -l output -d 'Write the configuration to this file, which must not be there yet, instead of standard output' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -l server -d 'URL of Pilotage\'s server; may be given several times' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -l panda -d 'URL of the PanDA server that labels with `wmsstatusplugin = Panda` ask' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -l dir -d 'Directory of the factory' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -l json -d 'Print the configuration and the report as one JSON document'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -l chain -d 'Scheduler steps in order, such as Ready,Scale,MaxPending' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -l facts -d 'File with the facts as JSON; - reads standard input' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -l replay -d 'File with stored decisions, as `pilotage decisions --json` prints them, to take again; - reads standard input' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from decide" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from describe" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from describe" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from describe" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from describe" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from dry-run" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -l url -d 'Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -l dir -d 'Directory of a server on this machine [env: PILOTAGE_DIR]' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -l config -d 'Configuration file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -l json -d 'Print JSON for programs'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from explain" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "run" -d 'Run until told to stop: TERM drains, USR1 leaves the pilots as they are, HUP reads the configuration again'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "check" -d 'Read the configuration and its sources, look at every credential, ask every batch end point, and say what is wrong'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "config" -d 'Show the configuration that counts, with the origin of each value'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "sources" -d 'Read the sources of labels and show what became of their queues'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "credentials" -d 'Show the credentials of labels: whose they are, how long they last, what is wrong with them'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "import" -d 'Turn an AutoPyFactory configuration into one of ours, and say what became of every key'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "decide" -d 'Decide on facts from a file, without a factory'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "describe" -d 'Show what would be submitted for a pilot of one label, such as its submit description, without submitting it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "dry-run" -d 'Show what a cycle would do now, with the submit description of each submission, without doing it'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Say what one label would do now, step by step'
complete -c pilotage -n "__fish_pilotage_using_subcommand factory; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l secret-file -d 'File of mode 0600 with pilot id, secret, server URLs and whom to trust' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l secret-dir -d 'Directory of secret files named ID.json, for batch arrays; needs --first-id' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l first-id -d 'Id of the pilot with array index 0; the batch system\'s array index is added to it' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l array-index -d 'Index in the batch array' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l slots -d 'Jobs at once' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l cores -d 'Cores of all slots together; one per slot when 0' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l memory-mib -d 'Memory of all slots together in MiB; 0 sets no limit of the pilot\'s own' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l life-s -d 'Seconds after which the pilot must be gone; 0 means no end' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l idle-s -d 'Seconds without any job after which the pilot exits; 0 means never' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l grace-s -d 'Seconds between TERM and KILL when a job has to end' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l scratch -d 'Directory below which jobs get their scratch directories; by default the best of the batch system\'s scratch, TMPDIR, /tmp and the working directory' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l scratch-max-mib -d 'The most a job may keep in its scratch directory, in MiB; 0 sets no limit' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l scratch-free-mib -d 'Free space that a scratch directory must have, in MiB' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l node -d 'What the node must have before the first job, as a JSON object with the keys of `[label.NAME.node]`' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l output-max-mib -d 'The most bytes kept of each output of a job, in MiB: the first and the last half of them' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l spool-dir -d 'Directory for reports that the server could not take; by default that of the secret file' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l linger-s -d 'Seconds at the end during which reports are still offered to a server that does not answer' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l delete-wrapper -d 'Remove this file at the start: the VO\'s own wrapper, downloaded for this pilot alone' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l program-version -d 'Name of the version of the program that the wrapper drew' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l program-source -d 'Where the wrapper found it' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l passed-over -d 'Sources that the wrapper tried before, and why they gave nothing' -r
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l no-pin -d 'Do not bind slots to cores of their own'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -l delete-program -d 'Remove the file of this program at the start: the wrapper downloaded it for this pilot alone'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand pilot" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand completions" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand completions" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand man" -l out -d 'Directory for one page per command; standard output gets `pilotage.1` when absent' -r -F
complete -c pilotage -n "__fish_pilotage_using_subcommand man" -l markdown -d 'Print the reference of all commands as Markdown instead'
complete -c pilotage -n "__fish_pilotage_using_subcommand man" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand man" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand generate" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand generate" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-tile" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-tile" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-assemble" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-assemble" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-memory" -s h -l help -d 'Print help'
complete -c pilotage -n "__fish_pilotage_using_subcommand demo-memory" -s V -l version -d 'Print version'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "up" -d 'Start server, factory and a local queue in one process, for one machine'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "demo" -d 'Run real work through the whole chain in a temporary directory'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "submit" -d 'Submit a command, a script, an array or a file of jobs'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "jobs" -d 'List or count jobs'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "job" -d 'Show everything about one job'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "logs" -d 'Show or follow the output of a job'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "wait" -d 'Wait until jobs have ended'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "kill" -d 'Stop jobs, wherever they are'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "retry" -d 'Run ended jobs again'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "top" -d 'Watch jobs, pilots and throughput live'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "queues" -d 'List queues, or set the status of one'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "pilots" -d 'List pilots, drain or kill some, search their logs, show how they ended'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "decisions" -d 'Show why pilots were submitted, or not'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "factories" -d 'List factories and their labels, or have one run a cycle or read its configuration'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "labels" -d 'Show how labels are doing: their pilots, the longest wait, the longest run'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "alarms" -d 'Show what is broken; acknowledge, comment or silence alarms'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "nodes" -d 'Show worker nodes and what happened there, black holes first'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "find" -d 'Find anything by an id, a batch id, a node, a name or a part of one'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "programs" -d 'List, upload or remove pilot programs and wrappers that nodes download from the server'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "token" -d 'Create, list and revoke tokens'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "doctor" -d 'Check this machine and the server, and say what is wrong'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "backup" -d 'Copy a server\'s store while it works'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "restore" -d 'Put a copy of a store into the directory of a stopped server'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "server" -d 'Run the server: dispatcher, monitor, pages, all interfaces'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "factory" -d 'Run, check or explain a factory, which submits pilots to batch systems'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "pilot" -d 'Run a pilot on this machine'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "completions" -d 'Print the completions of a shell'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "man" -d 'Write the man pages, or the command reference'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "generate" -d 'Write everything that is made from the program and checked in'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "demo-tile" -d 'The payload of the demo\'s image jobs'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "demo-assemble" -d 'The payload of the demo\'s last job'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "demo-memory" -d 'The payload of the demo\'s job that asks for too little memory'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and not __fish_seen_subcommand_from up demo submit jobs job logs wait kill retry top queues pilots decisions factories labels alarms nodes find programs token doctor backup restore server factory pilot completions man generate demo-tile demo-assemble demo-memory help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from queues" -f -a "set" -d 'Set the status of a queue'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from queues" -f -a "define" -d 'Create a queue, or change all of its settings but the status'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "drain" -d 'Let pilots finish what they run, take nothing more, and end'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "kill" -d 'Take pilots out of their batch systems, whatever they run'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "search" -d 'Find pilots by a text in their logs'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "show" -d 'Show one pilot, and what it found on its node'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "ends" -d 'Show how pilots ended in the last hours: classes of error by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "errors" -d 'Show why pilots broke in the last hours: what their last words have in common'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "efficiency" -d 'Show what the cores of pilots were used for that ended in the last hours, by label'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "events" -d 'Show what was said about pilots, by whom, and what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "history" -d 'Show what happened to pilots, how many there were, and how long they waited and ran'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from pilots" -f -a "logs" -d 'Show what a pilot wrote, once it has ended'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "pause" -d 'Submit no more pilots of a label, of the labels of a queue, or of all; those that are there go on'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "drain" -d 'Submit no more pilots, take out those that wait, and let those that run finish'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "cap" -d 'Let at most so many pilots of a label wait and run together'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "resume" -d 'End what pause, drain and cap ordered'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "orders" -d 'List the orders in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "config" -d 'Show the configuration that a factory uses, and what changed in it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "cycle" -d 'Let a factory run a cycle now'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "test" -d 'Send one pilot of a label now, whatever its chain says, and name it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "stop" -d 'End a factory and leave its pilots as they are'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "forgive" -d 'Let a factory use nodes again that its pilots failed on'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factories" -f -a "reload" -d 'Let a factory read its configuration and its sources again, and say what came of it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "show" -d 'Show everything about one alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "ack" -d 'Say that you look after an alarm: nobody is told of it again, unless it becomes worse'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "comment" -d 'Write a comment to the history of an alarm'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "silence" -d 'Keep quiet about one alarm, or about all that match patterns with * and ?, for a time'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "silences" -d 'List the silences in force'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from alarms" -f -a "unsilence" -d 'End a silence'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from programs" -f -a "add" -d 'Upload a version of a program; what is in it never changes'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from programs" -f -a "remove" -d 'Remove a version of a program'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "create" -d 'Create a token; it is shown once and never again'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List the tokens that are valid, without the tokens themselves'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'End a token now'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "run" -d 'Run until told to stop: TERM drains, USR1 leaves the pilots as they are, HUP reads the configuration again'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "check" -d 'Read the configuration and its sources, look at every credential, ask every batch end point, and say what is wrong'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "config" -d 'Show the configuration that counts, with the origin of each value'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "sources" -d 'Read the sources of labels and show what became of their queues'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "credentials" -d 'Show the credentials of labels: whose they are, how long they last, what is wrong with them'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "import" -d 'Turn an AutoPyFactory configuration into one of ours, and say what became of every key'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "decide" -d 'Decide on facts from a file, without a factory'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "describe" -d 'Show what would be submitted for a pilot of one label, such as its submit description, without submitting it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "dry-run" -d 'Show what a cycle would do now, with the submit description of each submission, without doing it'
complete -c pilotage -n "__fish_pilotage_using_subcommand help; and __fish_seen_subcommand_from factory" -f -a "explain" -d 'Say what one label would do now, step by step'
