"""The workflows: one file a command, named as the command. Each runs the stages in their order.

A workflow takes the opened project (`segmenter.context.Context`), brings the stages together, and
leaves its line on the trail. What several of them share has files of its own:

    decisions   an engine on a snapshot, and what is decided of everyone at two clocks
    request     what `plan` and `run` are asked for
    answers     the project's stored releases
    ageing      the paid histogram behind `forecast` and `notice`
    places      where files of exports, recalls and erasures lie
"""
