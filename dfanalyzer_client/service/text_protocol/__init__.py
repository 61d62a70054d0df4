"""DfAnalyzer's text protocol, as its C++, Java and Spark clients speak it: one call to a line.

What is read is the same dictionary that a client would send as JSON, so all that comes after is the
same, too::

    dataflow(TAG)
    program(NAME,PATH)
    dataset(TAG,{attribute;…},{type;…})
    extractor(TAG,SET,METHOD,CARTRIDGE,{attribute;…},{type;…})
    extractor_combination(SET,OUTER,INNER,{key;…},{type;…})
    transformation(TAG,{input set;…},{output set;…},{program;…})

    task(DATAFLOW,TRANSFORMATION,ID,SUBID,STATUS[,WORKSPACE[,RESOURCE]])
    collection(SET,{{value;…};{value;…}})
    dependency({transformation;…},{{id;…};{id;…}})
    file(NAME,PATH)
"""
