import EdgeCloud
import Glibc

exit(await EdgeCloudProgram.main(arguments: CommandLine.arguments))
