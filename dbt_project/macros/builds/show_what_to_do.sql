{#
    What failed because a disk takes nothing more is said with what to do: engines name a file at best. The words are those
    of the operating system and of Hadoop, as in coinloom/storage.py.
#}
{% macro show_what_to_do(results) %}
    {% set advice = {
        'No space left on device': 'A disk is full: that of the lake, of PostgreSQL, or of who runs dbt; the message names a file. Make room there.',
        'Mkdirs failed to create': 'A file system is read-only, or a folder of it is not ours to write in; the message names it.',
        'Read-only file system': 'A file system is read-only; the message names a file. Mount it for writing again.',
    } %}
    {% for words, what_to_do in advice.items() %}
        {% for result in results if words in (result.message or '') %}
            {% if loop.first %}
                {% do log(result.node.name ~ ': ' ~ what_to_do ~ ' Nothing that was published is lost, and the next dbt build goes on from there.', info=true) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
